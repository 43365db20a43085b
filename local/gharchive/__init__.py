"""A stand-in for the public GH Archive host: simulated hours, and hours out of a folder."""
