"""Mail that is due, the worker's sweeps and the health page."""
