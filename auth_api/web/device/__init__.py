"""The page on which a person enters the code of a device."""
