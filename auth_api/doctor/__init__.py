"""`auth-api doctor`: checks what a deployment needs, changes nothing, and names a fix for each problem."""
