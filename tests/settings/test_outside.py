"""Values come from variables, files and `.env`: as they are written, or not at all."""

import os

import pytest

from senso.errors import ConfigError
from senso.settings import read_settings
from senso.settings.sources import LONGEST_SECRET_BYTES


def token():
    return read_settings().api_token.get_secret_value()


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("API_TOKEN=tok${SEED}en", "tok${SEED}en"),
        ("API_TOKEN=tok$SEED-en", "tok$SEED-en"),
        ("API_TOKEN=tok$${SEED}en", "tok$${SEED}en"),
        ("API_TOKEN='tok${SEED}en'", "tok${SEED}en"),
        ('API_TOKEN="tok${SEED:-x}en"', "tok${SEED:-x}en"),
        ("API_TOKEN=tok#en", "tok#en"),
        ("API_TOKEN=#token", "#token"),
        ("API_TOKEN=token # ours", "token"),
        ("API_TOKEN='token' # ours", "token"),
        ("API_TOKEN='tok#en'", "tok#en"),
        (r"API_TOKEN=tok\nen", r"tok\nen"),
        (r"API_TOKEN='tok\nen'", r"tok\nen"),
        ("API_TOKEN=tok'en", "tok'en"),
        ("API_TOKEN=tok%20en=", "tok%20en="),
        ("API_TOKEN=`token`x", None),
        ("export API_TOKEN=token", "token"),
        ("  API_TOKEN = token  ", "token"),
        ("api_token=token", "token"),
        ("API_TOKEN=token\r", "token"),
        ("\ufeffAPI_TOKEN=token", "token"),
        ("# größe\n\nAPI_TOKEN=token", "token"),
    ],
)
def test_a_line_of_a_dotenv_is_taken_as_written(dotenv, nothing_set, line, value):
    nothing_set.setenv("SEED", "17")
    dotenv(f"{line}\nPORT=9000\n")

    if value is None:
        with pytest.raises(ConfigError, match=r"^\.env:1: API_TOKEN: begins or ends with a quotation mark"):
            read_settings()
        return
    assert (token(), read_settings().port) == (value, 9000)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (r'API_TOKEN="tok\nen"', ".env:1: API_TOKEN has a backslash in quotes; write it without the quotes"),
        (r"API_TOKEN='hunter\\2'", ".env:1: API_TOKEN has a backslash in quotes; write it without the quotes"),
        ('\n\nAPI_TOKEN="hunter2', ".env:3: cannot be read; write NAME=value, a quote closed where it opened"),
        ('API_TOKEN="hunter2"x', ".env:1: cannot be read; write NAME=value, a quote closed where it opened"),
        ("PORT=1\nOTHER=1\nPORT=2", ".env:3: PORT is set a second time; keep one of the two lines"),
        ("API_TOKEN\n", ".env:1: has no = in it; write NAME=value, or take the line away"),
        ("PORT=1\n\nexport API_TOKEN", ".env:3: has no = in it; write NAME=value, or take the line away"),
        ("API_TOKEN=a\nhunter2", ".env:2: has no = in it; write NAME=value, or take the line away"),
        ("PORT=1\nport=2", ".env:2: PORT is set a second time; keep one of the two lines"),
        ("\n# x\nPORT=abc", ".env:3: PORT: Input should be a valid integer, unable to parse string as an integer"),
        ("OPENAI_API_KEY=hunter 2", ".env:1: OPENAI_API_KEY: has a space in it, as character 7; copy it again"),
        ("API_TOKEN='hunter\n2'", ".env:1: API_TOKEN: has more than one line; it must be one"),
        (b"API_TOKEN=\xff", ".env: not UTF-8 text"),
        ("API_TOKEN=x".encode("utf-16"), ".env: not UTF-8 text"),
    ],
)
def test_a_line_that_could_mean_something_else_is_refused_with_its_number(dotenv, content, said):
    dotenv(content)

    with pytest.raises(ConfigError) as caught:
        read_settings()

    assert str(caught.value) == said


def test_lines_of_others_may_say_what_they_like(dotenv):
    dotenv('COMPOSE_FILE="a\\nb"\nCOMPOSE_FILE=c\nTWO="1\n2"\nAPI_TOKEN=token\n')

    assert token() == "token"


def test_a_folder_of_the_name_is_no_dotenv(dotenv, tmp_path):
    (tmp_path / ".env").mkdir()

    assert read_settings().api_token is None


def test_the_path_of_a_secret_may_stand_in_a_dotenv(dotenv, tmp_path):
    (tmp_path / "token").write_text("token\n")
    dotenv("API_TOKEN_FILE=token\n")

    assert token() == "token"


def test_the_environment_decides_before_a_dotenv_whichever_form_each_has(dotenv, nothing_set, tmp_path):
    (tmp_path / "file").write_text("from-the-file")
    dotenv("API_TOKEN=from-the-dotenv\n")
    nothing_set.setenv("API_TOKEN_FILE", str(tmp_path / "file"))

    assert token() == "from-the-file"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xef\xbb\xbfhunter2\r\n", None),
        (b"\n hunter2 \n\n", None),
        (b"hunter2\nhunter2\n", "API_TOKEN: has more than one line; it must be one"),
        (b"'hunter2'\n", "API_TOKEN: begins or ends with a quotation mark; take the quotes away"),
        (b"hunter2\xff", "API_TOKEN_FILE: {path} is not text"),
        ("hunter2".encode("utf-16"), "API_TOKEN_FILE: {path} is not text"),
        (b"x" * (LONGEST_SECRET_BYTES + 1),
         f"API_TOKEN_FILE: {{path}} is longer than {LONGEST_SECRET_BYTES} bytes; is it the right file?"),
    ],
    ids=["mark", "lines around", "two lines", "quotes", "bytes", "UTF-16", "long"],
)  # fmt: skip
def test_a_file_of_a_secret_is_read_as_carefully(nothing_set, tmp_path, content, said):
    path = tmp_path / "token"
    path.write_bytes(content)
    nothing_set.setenv("API_TOKEN_FILE", f" {path}\n")

    if said is None:
        assert token() == "hunter2"
        return
    with pytest.raises(ConfigError) as caught:
        read_settings()
    assert str(caught.value) == said.format(path=path)


def test_a_folder_in_place_of_a_secret_is_one_line(nothing_set, tmp_path):
    nothing_set.setenv("API_TOKEN_FILE", str(tmp_path))

    with pytest.raises(ConfigError, match=rf"^API_TOKEN_FILE: cannot read {tmp_path}: Is a directory$"):
        read_settings()


@pytest.mark.parametrize("kind", ["fifo", "device"])
def test_a_secret_that_could_wait_for_ever_is_refused(nothing_set, tmp_path, kind):
    path = unending(tmp_path / "token", kind)
    nothing_set.setenv("API_TOKEN_FILE", str(path))

    with pytest.raises(ConfigError, match=rf"^API_TOKEN_FILE: {path} is a pipe or a device; name a regular file$"):
        read_settings()


@pytest.mark.parametrize("kind", ["fifo", "device"])
def test_a_dotenv_that_could_wait_for_ever_is_refused(dotenv, tmp_path, kind):
    unending(tmp_path / ".env", kind)

    with pytest.raises(ConfigError, match=r"^\.env: a pipe or a device; it must be a regular file$"):
        read_settings()


def unending(path, kind):
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    return path


def test_a_link_to_a_file_may_hold_a_secret_as_container_platforms_lay_it_out(nothing_set, tmp_path):
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "token").write_text("hunter2\n")
    (tmp_path / "token").symlink_to("..data/token")
    nothing_set.setenv("API_TOKEN_FILE", str(tmp_path / "token"))

    assert token() == "hunter2"


def test_a_base_url_may_come_from_a_file_since_it_may_hold_a_password(nothing_set, tmp_path):
    (tmp_path / "url").write_text("https://me:hunter2@vendor.example/v1\n")
    nothing_set.setenv("OPENAI_BASE_URL_FILE", str(tmp_path / "url"))

    assert read_settings().openai_base_url == "https://me:hunter2@vendor.example/v1"
