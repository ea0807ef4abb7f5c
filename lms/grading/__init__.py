"""Reviews: a lecturer reads a handed-in version beside its rubric, and returns it, or accepts and grades it.

``rubric`` reads an author's rubric and turns levels into points; ``state`` says where a piece of work stands.
Those are pure. ``models`` holds reviews, ``actions`` sends them and releases grades, ``views`` is the review
desk.
"""
