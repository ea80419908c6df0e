"""Values that may be used only once, such as challenges: each is claimed when it is used."""
