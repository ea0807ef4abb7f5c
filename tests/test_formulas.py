"""TeX becomes MathML of allowed parts, or is refused."""

import xml.etree.ElementTree as etree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.formulas import MAX_LENGTH, BadFormula, mathml


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"r = \frac{x_t - x_0}{x_0}", "<mfrac><mrow><msub><mi>x</mi><mi>t</mi></msub><mo>−</mo>"),
        (r"\sqrt[3]{x^2}", "<mroot>"),
        (r"\sum_{i=1}^{n} x_i", "<msubsup><mo>∑</mo>"),
        (r"\text{Laju (a < b)}", "<mtext>Laju\xa0(a\xa0&lt;\xa0b)</mtext>"),
        (r"\begin{cases}1 & x>0\\0 & x<0\end{cases}", "<mtable><mtr><mtd"),
        ("5,55", "<mrow><mn>5,55</mn></mrow>"),
        ("1.234.567,89", "<mn>1.234.567,89</mn>"),
        ("3.14", "<mn>3.14</mn>"),
        ("f(1, 2)", "<mn>1</mn><mo>,</mo><mn>2</mn>"),
        ("x_1,x_2", "</msub><mo>,</mo><msub>"),
        (r"4,64\%", "<mn>4,64</mn><mi>%</mi>"),
        (r"\text{turun 5,5}", "<mtext>turun\xa05,5</mtext>"),
    ],
)
def test_formulas(tex: str, expected: str) -> None:
    assert expected in mathml(tex)


def test_a_formula_on_its_own_line() -> None:
    assert mathml("x", block=True) == '<math display="block"><mrow><mi>x</mi></mrow></math>'
    assert "<munderover><mo>∑</mo>" in mathml(r"\sum_{i=1}^{n} x_i", block=True)


@pytest.mark.parametrize(
    "tex",
    [
        "",
        " ",
        "x^",
        r"\frac{a",
        r"\left( x",
        r"\tidakada x",
        "{" * 900,
        "a" * (MAX_LENGTH + 1),
        r"\begin{matrix} a",
    ]
    + [r"\newcommand{\x}{\x\x}\x", r"\renewcommand{\x}{y}", r"\def\a{\a\a}\a", r"\let\a=b"],
)
def test_what_is_no_formula_is_refused(tex: str) -> None:
    with pytest.raises(BadFormula):
        mathml(tex)


@pytest.mark.parametrize(
    "tex",
    [
        r"\href{javascript:alert(1)}{x}",
        r"\style{background:url(//a.id)}{x}",
        r"\class{card}{x}",
        r"\text{<script>alert(1)</script>}",
        r"\text{&lt;script&gt;}",
        r"\unicode{x3c}script\unicode{x3e}",
        r'\colorbox{a" onclick="alert(1)}{x}',
        r"\color{red}{x}",
        r"\mbox{</math><img src=x>}",
        r"\operatorname{<b>}",
    ],
)
def test_no_markup_comes_out_of_a_formula(tex: str) -> None:
    html = mathml(tex)
    for element in etree.fromstring(html).iter():
        assert element.tag in {"math", "mrow", "mi", "mo", "mn", "mtext", "mpadded", "mstyle"}
        assert not element.attrib.keys() & {"href", "style", "class", "mathcolor", "mathbackground"}


PIECES = st.sampled_from(
    [
        "a",
        "1",
        "2,5",
        "+",
        "=",
        "<",
        "&",
        '"',
        " ",
        "{",
        "}",
        "[",
        "]",
        "_",
        "^",
        "'",
        r"\frac",
        r"\sqrt",
        r"\text{",
        r"\left(",
    ]
    + [
        r"\right)",
        r"\begin{matrix}",
        r"\end{matrix}",
        r"\\",
        r"\alpha",
        r"\sum",
        r"\href{",
        r"\style{",
        r"\color{",
        r"\mathbf{",
    ]
)


@settings(max_examples=80, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_any_tex_is_well_formed_or_refused(tex: str) -> None:
    try:
        html = mathml(tex)
    except BadFormula:
        return
    etree.fromstring(html)
