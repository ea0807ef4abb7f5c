from lms.grading import blind


def test_a_work_keeps_its_code_and_only_the_secret_leads_to_it() -> None:
    assert blind.code("secret", 7) == blind.code("secret", 7)
    assert blind.code("secret", 7) != blind.code("another", 7)
    codes = {blind.code("secret", work) for work in range(200)}
    assert len(codes) > 190
    assert all(len(code) == blind.LETTERS and set(code) <= set(blind.ALPHABET) for code in codes)
