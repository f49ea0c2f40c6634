"""How far a project is on its way to one manager: counted, compared, followed through history, shown."""
