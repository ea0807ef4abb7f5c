"""PURE: quizzes from and to the formats of other platforms, one file per format.

A file that arrives is opened by `upload` (bytes → text, a careful XML tree, or the files of a ZIP), claimed and read by
one of the formats in `registry` into the `rough` shape that they share, and written as our Markdown by
`composition`, which tells every loss by the number of its question. What cannot be carried is kept as a comment.
"""
