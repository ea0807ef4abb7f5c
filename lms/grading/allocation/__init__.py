"""Who reviews what: allocating works by hand or balanced, within caps, absences and conflicts of interest."""
