"""validate: verdicts per document, exit codes, places in files, formats, work shared between processes."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from pulumi_mesh.cli import main, validate, validate_work
from pulumi_mesh.cli.validate_report import FORMATS, Counts
from pulumi_mesh.errors import MeshError
from pulumi_mesh.files import read_bytes

GOOD = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
  namespace: bookinfo
spec:
  hosts: [reviews]
  http:
  - route:
    - destination: {host: reviews}
"""
UNKNOWN_FIELD = GOOD.replace("  hosts: [reviews]", "  hosts: [reviews]\n  colour: blue")
CEL = GOOD + "    timeout: 1ns\n"
WEBHOOK = GOOD.replace("hosts: [reviews]", 'hosts: ["*"]')
WARNED = GOOD + "    - destination: {host: other}\n      weight: 100\n"
FILTER = "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {name: a}\nspec: {}\n"
LISTED = "apiVersion: v1\nkind: List\nitems:\n" + "".join(
    "- " + text.rstrip("\n").replace("\n", "\n  ") + "\n" for text in (GOOD, UNKNOWN_FIELD)
)
TWICE = GOOD + "    name: a\n    name: b\n"


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(["validate", *args])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return int(end.value.code or 0), out, err


def lines(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, list[dict[str, Any]]]:
    code, out, _ = run(capsys, "--output", "jsonl", *args)
    return code, [json.loads(line) for line in out.splitlines()]


def test_accepted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    code, out, _ = run(capsys, str(tmp_path))
    assert (code, out) == (0, "1 object: 1 accepted, 0 rejected\n")


def test_each_document_has_its_verdict_and_each_finding_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(
        "---\n".join([GOOD, UNKNOWN_FIELD, TWICE, GOOD.replace("reviews\n", "!!str x\n", 1), LISTED, CEL, WEBHOOK])
    )
    code, found = lines(capsys, str(file))
    assert code == 1
    assert [(each["document"], each["verdict"]) for each in found] == [
        (0, "accept"), (1, "reject"), (2, "reject"), (3, "reject"), (4, "accept"), (4, "reject"), (5, "reject"),
        (6, "reject"),
    ]  # fmt: skip
    assert list(found[0]) == ["file", "document", "kind", "namespace", "name", "verdict", "findings"]
    assert found[1]["file"] == str(file)
    assert (found[1]["kind"], found[1]["namespace"], found[1]["name"]) == ("VirtualService", "bookinfo", "reviews")
    text = file.read_text().splitlines()
    placed = [(finding["stage"], text[finding["line"] - 1].strip()) for each in found for finding in each["findings"]]
    assert placed == [
        ("structure", "colour: blue"),
        ("reading", "name: b"),
        ("reading", "name: !!str x"),
        ("structure", "colour: blue"),
        ("cel", "timeout: 1ns"),
        ("webhook", 'hosts: ["*"]'),
    ]
    assert [each["findings"][0]["line"] for each in found if each["findings"]] == sorted(
        each["findings"][0]["line"] for each in found if each["findings"]
    )


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (GOOD.replace("  name:", "  labels:\n    app: a\n    app.kubernetes.io/name: -a\n  name:", 1),
         "metadata.labels[app.kubernetes.io/name]"),
        (GOOD + "  a.b: 1\n", "spec[a.b]"),
        ("apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: a}\nspec:\n"
         "  selector:\n    matchLabels: {app: a}\n  portLevelMtls:\n    80:\n      mode: STRICT\n"
         "    70000:\n      mode: WRONG\n", "spec.portLevelMtls[70000].mode"),
    ],
)  # fmt: skip
def test_keys_with_dots_or_of_digits_have_their_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, path: str
) -> None:
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "a.json").write_text("{\n")
    _, (broken, found) = lines(capsys, str(tmp_path))
    (finding,) = found["findings"]
    assert finding["path"] == path
    marked = text.splitlines()[finding["line"] - 1]
    assert any(word in marked for word in ("-a", "a.b", "WRONG"))
    assert broken["findings"][0]["message"].startswith("is not JSON: ")


def test_text_names_place_object_path_and_stage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(UNKNOWN_FIELD + "---\n" + TWICE)
    code, out, _ = run(capsys, str(file))
    first, second, last = out.splitlines()
    assert code == 1
    assert first.startswith(f"{file}:8: error: VirtualService bookinfo/reviews spec.colour: ")
    assert first.endswith(" (structure)")
    assert second == f"{file}:24: error: gives name twice; keep one (reading)"
    assert last == "2 objects: 0 accepted, 2 rejected"


def test_standard_input_and_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    given = json.dumps(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "\ud83d\ude00"}}
    )
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
    code, found = lines(capsys, "-")
    assert code == 0
    assert [(each["file"], each["kind"], each["verdict"]) for each in found] == [("-", "ConfigMap", "accept")]


@pytest.mark.parametrize("data", [b"a: \xff\n", b"kind: x\n---\nname: \xe9\n"])
def test_bytes_that_are_no_text_are_rejected(tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes) -> None:
    (tmp_path / "a.yaml").write_bytes(data)
    code, (found,) = lines(capsys, str(tmp_path))
    assert code == 1
    assert found["findings"][0]["line"] == data.count(b"\n")
    assert "is not UTF-8 text" in found["findings"][0]["message"]


def test_what_cannot_be_read_is_no_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, str(tmp_path / "none.yaml"))
    assert (code, out) == (2, "")
    assert "none.yaml: cannot be read: No such file" in err
    assert run(capsys)[0] == 2
    assert run(capsys, "--output", "xml", str(tmp_path))[0] == 2


def test_channel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    route = "kind: TCPRoute\nmetadata: {name: a}\nspec: {rules: [{backendRefs: [{name: a, port: 1}]}]}\n"
    route = f"apiVersion: gateway.networking.k8s.io/v1alpha2\n{route}"
    (tmp_path / "a.yaml").write_text(route)
    assert run(capsys, str(tmp_path))[0] == 1
    assert run(capsys, "--channel", "experimental", str(tmp_path))[0] == 0


def test_json_is_one_value_however_many_documents(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text, rejected in (("", 0), (GOOD, 0), (f"{GOOD}---\n{UNKNOWN_FIELD}", 1)):
        (tmp_path / "a.yaml").write_text(text)
        code, out, _ = run(capsys, "--output=json", str(tmp_path))
        data = json.loads(out)
        assert code == rejected
        assert data["rejected"] == rejected
        assert len(data["documents"]) == text.count("apiVersion")


def test_sarif(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a b.yaml").write_text(f"{UNKNOWN_FIELD}---\n{TWICE}")
    code, out, _ = run(capsys, "--output", "sarif", "./a b.yaml")
    assert code == 1
    log = json.loads(out)
    assert log["version"] == "2.1.0"
    (run_,) = log["runs"]
    rules = [rule["id"] for rule in run_["tool"]["driver"]["rules"]]
    assert rules == ["reading", "structure", "cel", "webhook"]
    first, second = run_["results"]
    assert first["message"]["text"].startswith("VirtualService bookinfo/reviews spec.colour: is not a field here")
    assert second["message"]["text"] == "gives name twice; keep one"
    assert (first["ruleId"], first["level"]) == ("structure", "error")
    place = first["locations"][0]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "a%20b.yaml"},
        "region": {"startLine": 8},
    }
    assert place["logicalLocations"] == [{"fullyQualifiedName": "VirtualService/bookinfo/reviews/spec.colour"}]
    assert "logicalLocations" not in second["locations"][0]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(FILTER.encode())))
    (warned,) = json.loads(run(capsys, "--output", "sarif", "-")[1])["runs"][0]["results"]
    assert warned["level"] == "warning"
    assert warned["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "stdin"}
    Path("good.yaml").write_text(GOOD)
    assert json.loads(run(capsys, "--output", "sarif", "good.yaml")[1])["runs"][0]["results"] == []


@pytest.mark.parametrize("output", sorted(FORMATS))
def test_file_names_that_are_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str], output: str) -> None:
    (tmp_path / os.fsdecode(b"a\xff.yaml")).write_text(UNKNOWN_FIELD)
    code, out, _ = run(capsys, "--output", output, str(tmp_path))
    assert code == 1
    assert out.encode()


@pytest.mark.parametrize("output", sorted(FORMATS))
def test_processes_say_what_one_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], output: str
) -> None:
    texts = [GOOD, UNKNOWN_FIELD, TWICE, LISTED, WARNED, "# nothing\n"]
    for number in range(30):
        text = "---\n".join(texts[number % 6 :] + texts[: number % 6])
        (tmp_path / f"{number}.yaml").write_text(text * 1 if number % 3 else "---\n".join([text] * 5))
    alone = run(capsys, "--output", output, str(tmp_path))
    monkeypatch.setattr(validate_work, "BATCH", 1500)
    monkeypatch.setattr(validate_work, "ALONE", 1500)
    monkeypatch.setattr(validate_work, "_processors", lambda: 3)
    shared = run(capsys, "--output", output, str(tmp_path))
    assert shared == alone
    assert alone[0] == 1


def test_a_file_that_goes_away_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "b.yaml").symlink_to(tmp_path / "none")
    assert run(capsys, str(tmp_path))[0] == 2


@pytest.mark.parametrize("output", sorted(FORMATS))
def test_an_error_in_the_middle_leaves_no_half_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], output: str
) -> None:
    (tmp_path / "a.yaml").write_text(UNKNOWN_FIELD)
    (tmp_path / "b.yaml").write_text(GOOD)
    read = read_bytes

    def fails(file: str) -> bytes:
        if file.endswith("b.yaml"):
            raise MeshError("cannot be read: Input/output error", where=file)
        return read(file)

    monkeypatch.setattr(validate_work, "BATCH", 10)  # a batch for each file
    monkeypatch.setattr(validate_work, "ALONE", 10_000)
    monkeypatch.setattr(validate_work, "_sources", lambda file: iter((validate_work.Source(file, 10),)))
    monkeypatch.setattr(validate_work, "read_bytes", fails)
    code, out, err = run(capsys, "--output", output, str(tmp_path))
    assert code == 2
    assert "b.yaml: cannot be read: Input/output error" in err
    if output in ("json", "sarif"):
        assert out == ""
    else:
        assert out.count("colour") == 1


def test_a_pipe_is_read_once(capsys: pytest.CaptureFixture[str]) -> None:
    read, write = os.pipe()
    with os.fdopen(write, "w") as end:
        end.write(GOOD)
    code, found = lines(capsys, f"/dev/fd/{read}")
    os.close(read)
    assert (code, len(found)) == (0, 1)


def test_progress_is_for_terminals(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    clock = iter(range(0, 1000, 2))
    monkeypatch.setattr(validate.time, "monotonic", lambda: next(clock))
    batches = [validate_work.Done([], Counts(), 2), validate_work.Done([], Counts(), 1)]
    assert list(validate._told(iter(batches), 3)) == batches
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert list(validate._told(iter(batches), 3)) == batches
    said = capsys.readouterr().err
    assert "2 of 3 files" in said
    assert said.endswith("\r\x1b[K")
