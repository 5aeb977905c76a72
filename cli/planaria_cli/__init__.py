"""The command `planaria`: finds the part that does what is asked, and says what to install where it is missing."""
