"""How the objects of a project are made, kept and had, and where they connect."""
