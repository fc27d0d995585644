"""From an id, the beginning of one, a number or a name to its page; and only to what the reader may see."""

import pytest

from senso.states import Scope

FRAGMENT = {"HX-Request": "true"}


def found(browsing, wanted):
    return browsing.get("/jump", params={"q": wanted}, headers=FRAGMENT).text


def test_a_part_of_a_name_finds_the_org(browse, make):
    org = make.org()

    assert f'href="/orgs/{org.id}"' in found(browse(Scope.READ), "hill credit")


@pytest.mark.parametrize("form", ["{}", " {} ", "urn:uuid:{}", "{{{}}}"])
def test_an_id_finds_what_has_it(browse, make, form):
    org = make.org()
    batch = make.queued(org)
    browsing = browse()

    assert f'href="/orgs/{org.id}"' in found(browsing, form.format(org.id))
    assert f'href="/partners/{org.partner}"' in found(browsing, form.format(org.partner))
    assert f'href="/batches/{batch}"' in found(browsing, form.format(str(batch).upper()))


def test_the_beginning_of_an_id_finds_the_batch(browse, make):
    batch = make.queued()

    assert f'href="/batches/{batch}"' in found(browse(), str(batch)[:30])
    assert f'href="/batches/{batch}"' in found(browse(), str(batch)[:8])


def test_a_number_finds_the_run(browse, make):
    run = make.run()
    number = make.one("SELECT number FROM question_runs WHERE id = :run", run=run)

    assert f'href="/runs/{number}"' in found(browse(), f"#{number}")


def test_pages_are_found_by_name_and_all_are_shown_at_first(browse):
    browsing = browse()

    assert 'href="/providers"' in found(browsing, "provid")
    assert 'href="/audit"' in found(browsing, "")
    assert 'href="/tokens"' in found(browsing, "token")


def test_nothing_of_another_partner_is_found(browse, make):
    org, own = make.org(), make.org()
    batch = make.batch(org)
    number = make.one("SELECT min(number) FROM question_runs WHERE batch_id = :batch", batch=batch)
    browsing = browse(Scope.READ, own.partner)

    for wanted in (org.id, batch, str(batch)[:20], number, org.partner):
        assert "Nothing that you may see" in found(browsing, wanted)
    assert str(org.id) not in found(browsing, org.name)
    assert str(own.id) in found(browsing, own.name)


def test_enter_opens_the_first(browse, make):
    org = make.org()
    browsing = browse()

    answer = browsing.get("/jump", params={"q": str(org.id), "open": "true"})

    assert (answer.status_code, answer.headers["location"]) == (303, f"/orgs/{org.id}")


@pytest.mark.parametrize("wanted", ["0" * 32 + "0", "9" * 19, "%00", "\u202e", "x" * 255, "----", "%_\\'\""])
def test_what_is_nothing_finds_nothing(browse, wanted):
    answer = browse().get("/jump", params={"q": wanted})

    assert answer.status_code == 200
    assert "Nothing that you may see" in answer.text


def test_it_is_a_page_without_scripts_too(browse, make):
    org = make.org()

    shown = browse().get("/jump", params={"q": org.name}).text

    assert "<form" in shown
    assert f'href="/orgs/{org.id}"' in shown
