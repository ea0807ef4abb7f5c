"""How many people may write about one version at the same time."""


def is_free(graders: int, sent: int, held: int) -> bool:
    """Whether one more may begin, where the project asks for so many graders, others sent so many reviews and
    others hold so many leases.

    While the version is not decided somebody may always write: where all have sent and disagree, the one who
    decides between them.
    """
    return held < max(graders - sent, 1)
