"""Set-up: everything a laptop run needs, installed into the project folder."""
