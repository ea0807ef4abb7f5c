"""The projects of a cohort, for whoever facilitates it: their deadlines and their teams."""
