"""How events get into the log: from files and theatres, through one producer."""
