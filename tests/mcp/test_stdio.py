"""`senso mcp` on its standard input and output."""

from read_batches import Read

from senso.states import Scope


def test_every_tool_answers(by_stdio, make, messages):
    read = Read(make)
    token = make.token(Scope.OPERATE, read.org.partner)

    with by_stdio(token) as senso:
        listed = senso.ask("list_tools").tools
        told = {one.name: one for one in listed}
        assert senso.call("list_orgs", search="larch")["items"][0]["id"] == str(read.org.id)
    assert len(told) == 19
