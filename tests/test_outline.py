"""Headings of plain text and Markdown."""

import pytest

from rag.formats.outline import front_matter, markdown_headings, text_headings


def names(headings, text):
    return [(text[heading.start : heading.end], heading.level) for heading in headings]


def test_headings_of_plain_text_stand_alone():
    text = (
        "The report\n\nFirst of all, it is long.\n\nAims and means\n\nWe did it.\n\nNot a heading.\n\nEnd of it.\n\n"
        "Speakers\n\nAnn Lee - City Council\n\nBob Hall - The Trust\n\n• An item\n\nKey: value\n\nlower case\n\n"
        "The one that introduces a long list of things:\n\nRed paint\n\nGreen paint\n\nBlue paint\n\nThe end came."
    )
    found = [name for name, _ in names(text_headings(text), text)]

    assert found == ["The report", "Aims and means", "Speakers", "Red paint"]


def test_a_short_line_above_a_long_one_is_a_heading():
    body = (
        "The discussion was about the barriers to taking this into the mainstream of public services, which are many. "
    )
    text = f"It began well.\nTackling the barriers\n{body * 2}\nSpeakers:\nAnn Lee, Trust\nBob Hall, Council"

    assert [name for name, _ in names(text_headings(text), text)] == ["Tackling the barriers", "Speakers:"]


def test_headings_of_markdown():
    text = (
        "---\ntitle: X\ndate: 2011-03-11\n---\n# One\n\nText\n\n```\n# not one\n```\n\n## Two ##\r\nText\n\n"
        "Three\n=====\n\n"
        "Four *it*\n---\n\n- item\n---\n#hashtag\n\n| a |\n---\n\n"
        "~~~~\nCode\n====\n~~~\n~~~~\n12\n==\n= Five =\n= = Six = =\n"
    )
    found = names(markdown_headings(text), text)

    assert found == [("One", 1), ("Two", 2), ("Three", 1), ("Four *it*", 2), ("Five", 1), ("Six", 2)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('---\ntitle: "A: b"\nDate: 2011\ntags: [a]\n---\ntext', {"title": "A: b", "date": "2011", "tags": "[a]"}),
        ("---\r\ntitle: A\r\n---\r\n", {"title": "A"}),
        ("---\nno end", {}),
        ("text\n---\ntitle: A\n---\n", {}),
    ],
)
def test_front_matter(text, values):
    end, found = front_matter(text)

    assert found == values
    assert text[end:] in ("text", "", text)
