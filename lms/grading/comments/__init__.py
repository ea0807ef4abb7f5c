"""The comment bank: sentences a reviewer keeps to use again."""
