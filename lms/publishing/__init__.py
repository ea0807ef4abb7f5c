"""From a content folder to an immutable course version."""
