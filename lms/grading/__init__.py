"""Reviews: a lecturer reads a handed-in version beside its rubric, and returns it, or accepts and grades it.

``lms.rubric`` reads an author's rubric and turns levels into points; ``content`` is what a reviewer says of a
version, ``verdict`` what the reviews of one version come to, ``state`` where a work stands, ``changes`` what is
new since the version before, ``blind`` the name instead of a learner's. Those are pure. ``models`` holds
reviews and the queue, ``actions`` sends reviews and releases grades, ``views`` is the review desk.
"""
