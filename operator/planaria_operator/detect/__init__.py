"""From views to incidents: what is wrong, on what, since when. Pure functions of the store and the clock."""
