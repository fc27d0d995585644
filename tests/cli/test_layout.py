"""Lines at any width: nothing that is read or copied as one is broken."""

import io

import pytest
from rich.cells import cell_len
from rich.text import Text

from senso.cli.layout import wrapped
from senso.cli.printing import Terminal, shortened, table
from senso.quantities import counted

ID = "5a0c1f52-6a5e-4c8e-9d0a-2f6f5b1c0001"
COLUMNS = ["questions", "surface", "mention rate", "share of voice"]
ROWS = [["branded", "api", "92 % (65 to 99 %)", "22 % (20 to 25 %)"], ["unbranded", "consumer", "75 %", "-"]]


def printed(what, width, **options) -> list[str]:
    console = Terminal(file=io.StringIO(), width=width, highlight=False, **options)
    console.print(what)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


@pytest.mark.parametrize("width", range(8, 60))
@pytest.mark.parametrize(
    "said",
    [
        "75 % of 12 answers, 92 % (65 to 99 %) of others, $0.6627",
        "星河银行和星河保险在东京很受欢迎，费用低，服务好",
        "Donaudampfschifffahrtsgesellschaftskapitänsmützenhersteller AG",
        "بنك النجوم في الرياض هو الأفضل للعملاء الجدد",
        "🌲🌲🌲🌲🌲🌲🌲🌲🌲🌲🌲🌲🌲🌲🌲🌲🌲🌲🌲🌲🌲🌲🌲🌲🌲🌲",
    ],
)
def test_no_line_is_wider_than_the_terminal_and_nothing_is_lost(said, width):
    lines = [line.plain for line in wrapped(Text(said), width)]

    assert max(map(cell_len, lines)) <= width
    assert "".join(lines).replace(" ", "") == said.replace(" ", "")
    assert not any(line.startswith("%") for line in lines)


@pytest.mark.parametrize("width", range(20, 60))
def test_an_interval_is_not_broken(width):
    said = "It is mentioned in 75 % of 12 answers (95 % interval: 65 to 99 %) and ranks at 2.8 (1.0 to 5.0)."

    lines = printed(said, width)

    assert all(any(interval in line for line in lines) for interval in ("65 to 99 %)", "(1.0 to 5.0)"))


def test_words_and_ids_are_whole_at_any_width():
    said = f"Batch {ID} is under way, see https://senso.example/a-long-address/of-a-page; nothing was opened."

    words = " ".join(printed(said, 20)).split()

    assert words == said.split()


def test_a_long_word_fills_the_line_on_which_it_stands_alone():
    assert [line.plain for line in wrapped(Text("a" * 25 + " b"), 10)] == ["a" * 10, "a" * 10, "aaaaa b"]


def test_a_table_that_fits_is_a_table():
    assert printed(table(None, COLUMNS, ROWS), 66) == [
        "questions  surface   mention rate       share of voice",
        "branded    api       92 % (65 to 99 %)  22 % (20 to 25 %)",
        "unbranded  consumer  75 %               -",
    ]


def test_a_table_that_does_not_fit_is_a_block_for_each_row():
    assert printed(table("The numbers", COLUMNS, ROWS), 40) == [
        "The numbers",
        "branded",
        "  surface         api",
        "  mention rate    92 % (65 to 99 %)",
        "  share of voice  22 % (20 to 25 %)",
        "",
        "unbranded",
        "  surface         consumer",
        "  mention rate    75 %",
        "  share of voice  -",
    ]


def test_a_cell_that_does_not_fit_beside_its_name_stands_below_it():
    assert printed(table(None, ["name", "id"], [["Larch Hill", ID], ["星河", "short"]]), 30) == [
        "Larch Hill",
        "  id",
        f"    {ID}",
        "",
        "星河",
        "  id  short",
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_names_of_every_script_keep_a_table_within_the_terminal(width):
    names = ["星河银行" * 6, "ธนาคารดาว" * 3, "بنك النجوم", "🌲 Larch " * 4, "x" * 100]

    lines = printed(table(None, ["name", "runs"], [[name, "30"] for name in names], numbers=["runs"]), width)

    assert max(map(cell_len, lines)) <= width
    assert sum(line.count("30") for line in lines) == len(names)


def test_what_comes_from_outside_cannot_steer_the_terminal():
    (line,) = printed("Larch\x1b]0;owned\x07 \u202eHill", 60)

    assert line == "Larch�]0;owned� �Hill"


def test_one_is_not_said_as_many():
    assert [counted(number, "credit") for number in (0, 1, 2)] == ["0 credits", "1 credit", "2 credits"]
    assert [counted(number, "reply", "replies") for number in (1, 2)] == ["1 reply", "2 replies"]


def test_a_question_is_shortened_to_the_width_it_has():
    assert shortened("Which  bank\nis best?", 40) == "Which bank is best?"
    assert shortened("星河银行" * 5, 11) == "星河银行..."
