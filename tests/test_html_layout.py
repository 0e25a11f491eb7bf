"""HTML as a reader sees it: superscripts, what is struck out or hidden, merged cells, numbered lists."""

import pytest

from rag.formats.html import from_html
from rag.formats.marks import list_number, superscript


def text_of(body: str) -> str:
    return from_html(f"<html><head><title>T</title></head><body>{body}</body></html>".encode()).text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("The club has 420<sup>3</sup> members.", "The club has 420 [3] members."),
        ('<p>Rent: £450<sup><a href="#n1">1</a></sup> a month.</p>', "Rent: £450 [1] a month."),
        ("<p>In 2019<sup>[12]</sup> it closed.</p>", "In 2019 [12] it closed."),
        ("<p>The fee is £45<sup>a</sup>, the deposit £10<sup>*</sup>.</p>", "The fee is £45 [a], the deposit £10 [*]."),
        ("<p>They met<sup>1, 2</sup> twice.</p>", "They met [1, 2] twice."),
        ("<p>20 m<sup>2</sup> and 3 km<sup>2</sup></p>", "20 m² and 3 km²"),
        ("<p>10<sup>-3</sup> and 5 × 10<sup>6</sup></p>", "10⁻³ and 5 × 10⁶"),
        ("<p>the 1<sup>st</sup> and 22<sup>nd</sup>, le 1<sup>er</sup></p>", "the 1st and 22nd, le 1er"),
        ("<p>Open 9–17<sup>2)</sup>, not 10–18<sup>†</sup></p>", "Open 9–17 [2], not 10–18 [†]"),
        ("<p>It has 12 halls<sup>4</sup> and 3 lifts.<sup>5</sup></p>", "It has 12 halls [4] and 3 lifts. [5]"),
        ("<p>250 cm<sup>3</sup> at 10<sup>5</sup> Pa, £1.50/m<sup>2</sup></p>", "250 cm³ at 10⁵ Pa, £1.50/m²"),
        ("<p>M<sup>me</sup> Lee, Acme<sup>TM</sup>, CO<sub>2</sub></p>", "Mme Lee, Acme™, CO2"),
    ],
)
def test_a_superscript_is_part_of_no_number(body, text):
    assert text_of(body) == text


def test_a_superscript_of_nothing_is_nothing():
    assert superscript("x", "  ") == superscript("x", "()") == ""


@pytest.mark.parametrize(
    "old",
    [
        "<s>£30</s>",
        "<del>£30</del>",
        "<strike>£30</strike>",
        "<span hidden>£30</span>",
        '<span style="display: none">£30</span>',
        '<span style="visibility:hidden">£30</span>',
        '<span style="TEXT-DECORATION: line-through red">£30</span>',
        '<span aria-hidden="true">£30</span>',
        '<span class="was">£30</span>',
        '<span style="text-decoration-line: line-through; color: red">£30</span>',
        "<b><del><i>£30</i></del></b>",
        '<font style="text-decoration:underline line-through">£30</font>',
    ],
)
def test_what_is_struck_out_or_hidden_is_not_read(old):
    style = "<style>a:hover::before {color: red} .was, p.x b {color: grey; text-decoration: line-through}</style>"
    assert text_of(f"{style}<p>The berth fee is {old} <ins>£45</ins> a week.</p>") == "The berth fee is £45 a week."


def test_what_a_style_underlines_is_read():
    assert text_of("<style>b {text-decoration: underline}</style><p><b>£45</b></p>") == "£45"


@pytest.mark.parametrize("broken", ["of&shy;fice", "of&#8203;fice", "of&#8288;fice", "o<wbr>ffice", "oﬃce"])
def test_letters_that_are_joined_or_may_be_parted_are_letters(broken):
    assert text_of(f"<p>The {broken} opens at 9.</p>") == "The office opens at 9."


def table(*rows: str) -> str:
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        (
            ["<th>Room<th>Day<th>Price", "<td rowspan=2>Hall<td>Sat<td>£80", "<td>Sun<td>£95"],
            ["Room | Day | Price", "Hall | Sat | £80", "Hall | Sun | £95"],
        ),
        (
            ["<th>Day<th>Bar<th>Fee", "<td>Sat<td>Open<td rowspan=2>£5", "<td>Sun<td>Shut"],
            ["Day | Bar | Fee", "Sat | Open | £5", "Sun | Shut | £5"],
        ),
        (
            ["<th>Day<th>Morning<th>Evening", "<td>Sun<td colspan=2>Closed"],
            ["Day | Morning | Evening", "Sun | Closed | Closed"],
        ),
        (
            ["<th rowspan=2>Room<th colspan=2>Weekend", "<th>Sat<th>Sun", "<td>Hall<td>£8<td>£9"],
            ["Room | Weekend Sat | Weekend Sun", "Hall | £8 | £9"],
        ),
        (
            ["<th>Plot<th>Rent", "<td colspan=2>Lower field", "<td>P1<td>£20"],
            ["Plot | Rent", "Lower field", "P1 | £20"],
        ),
        (
            ["<td rowspan=2 colspan=2>A<td>1", "<td>2", "<td>B<td>C<td>3"],
            ["A | A | 1", "A | A | 2", "B | C | 3"],
        ),
        (
            ["<th>Room<th>Day<th>From<th>Price", "<td rowspan=2 colspan=2>Hall<td>9<td>£8", "<td>14<td>£9"],
            ["Room | Day | From | Price", "Hall | Hall | 9 | £8", "Hall | Hall | 14 | £9"],
        ),
        (
            ["<th>Room<th>Day<th>Price", "<th rowspan=3>Hall<td>Fri<td rowspan=2>£8", "<td>Sat", "<td>Sun<td>£9"],
            ["Room | Day | Price", "Hall | Fri | £8", "Hall | Sat | £8", "Hall | Sun | £9"],
        ),
        (["<td rowspan=x>A<td>1", "<td rowspan=99999>B<td>2", "<td>3"], ["A | 1", "B | 2", "B | 3"]),
    ],
)
def test_every_row_of_a_table_has_all_its_cells(rows, lines):
    assert text_of(table(*rows)).split("\n") == lines


def test_a_table_of_absurd_spans_stays_small():
    rows = ["<td rowspan=65000 colspan=1000>A" * 50] + ["<td>B"] * 50
    assert len(text_of(table(*rows))) < 10_000


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<ol start=3><li>c<li>d</ol>", "3. c\n4. d"),
        ("<ol type=a><li>x<li>y</ol>", "a. x\nb. y"),
        ('<ol style="list-style-type: upper-roman"><li>x<li value=4>y<li>z</ol>', "I. x\nIV. y\nV. z"),
        ("<ol reversed><li>x<li>y</ol>", "2. x\n1. y"),
        ("<ol start=-1><li>x<li>y<li>z</ol>", "-1. x\n0. y\n1. z"),
        ("<ol><li>x<ol type=i><li>in</ol><li>y</ol>", "1. x\n  i. in\n2. y"),
    ],
)
def test_lists_are_numbered_as_they_are_shown(body, text):
    assert text_of(body) == text


def test_numbers_beyond_letters_are_figures():
    assert [list_number(0, "a"), list_number(27, "a"), list_number(4000, "I")] == ["0", "aa", "4000"]


def test_a_time_says_its_day_where_its_words_do_not():
    body = '<p>It opens <time datetime="2025-03-07T09:00">next Friday</time>.</p>'
    assert text_of(body) == "It opens next Friday (2025-03-07)."
    assert text_of('<p><time datetime="2025-03-07">7 March 2025</time></p>') == "7 March 2025"
    assert text_of('<p>From <time datetime="09:00">nine</time></p>') == "From nine"


@pytest.mark.parametrize("title", ["Untitled Document", "Microsoft Word - fees.doc", "fees.html"])
def test_a_title_from_a_program_is_none(title):
    page = f"<html><head><title>{title}</title></head><body><h1>Berth fees</h1><p>£45</p></body></html>"
    assert from_html(page.encode()).title == "Berth fees"


@pytest.mark.parametrize(("lang", "language"), [("de-AT", "de"), ("EN", "en"), ("", ""), ("gsw", "")])
def test_a_page_says_which_language_it_is_in(lang, language):
    assert from_html(f'<html lang="{lang}"><body><p>Taxi</p></body></html>'.encode()).language == language
