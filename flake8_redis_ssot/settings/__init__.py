"""The settings: what they are (model), where they come from (load), whom they concern (boundaries)."""
