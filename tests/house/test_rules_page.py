"""The handbook lists the rules that the program has."""

from tests.house import rules_page


def test_the_table_of_rules_is_the_programs() -> None:
    text = rules_page.PAGE.read_text(encoding="utf-8")
    assert text == rules_page.written(text), "run `python -m tests.house.rules_page`"
