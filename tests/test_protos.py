"""The stubs are what the protos say, and the protos say it in full."""

import filecmp
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2 as pb

ROOT = Path(__file__).parent.parent
PROTOS = ROOT / "protos"
STUBS = ROOT / "python_client"
TIMESTAMP = ".google.protobuf.Timestamp"

Place = tuple[int, ...]
Thing = tuple[Place, str]
Member = pb.FieldDescriptorProto | pb.EnumValueDescriptorProto | pb.MethodDescriptorProto


def _protoc(*outs: str) -> None:
    # The module, not its main(): only so is google/protobuf on the path of the compiler.
    command = [sys.executable, "-m", "grpc_tools.protoc", f"--proto_path={PROTOS}", *outs]
    sources = sorted(str(path) for path in PROTOS.rglob("*.proto"))
    subprocess.run([*command, *sources], check=True)


@pytest.fixture(scope="module")
def proto_files(tmp_path_factory: pytest.TempPathFactory) -> list[pb.FileDescriptorProto]:
    """Return the compiled protos with their comments."""
    path = tmp_path_factory.mktemp("protos") / "set"
    _protoc("--include_source_info", f"--descriptor_set_out={path}")
    files = list(pb.FileDescriptorSet.FromString(path.read_bytes()).file)
    assert files
    return files


def test_the_stubs_are_fresh(tmp_path: Path) -> None:
    _protoc(*(f"--{kind}_out={tmp_path}" for kind in ("python", "pyi", "grpc_python")))
    fresh = _stubs(tmp_path)
    assert fresh == _stubs(STUBS), "Run `make protos`."
    _, differing, unreadable = filecmp.cmpfiles(tmp_path, STUBS, fresh, shallow=False)
    assert (differing, unreadable) == ([], []), "Run `make protos`."


def _stubs(root: Path) -> list[str]:
    found = [*root.rglob("*_pb2*.py"), *root.rglob("*_pb2*.pyi")]
    return sorted(str(path.relative_to(root)) for path in found)


def test_everything_has_a_comment(proto_files: list[pb.FileDescriptorProto]) -> None:
    assert [thing for file in proto_files for thing in _bare_things(file)] == []


def test_a_missing_comment_is_seen() -> None:
    file = pb.FileDescriptorProto(name="x.proto")
    file.message_type.add(name="X").field.add(name="y")
    file.source_code_info.location.add(path=[4, 0], leading_comments=" Says what X is.")
    assert _bare_things(file) == ["x.proto: X.y"]


def test_an_enum_starts_with_unspecified(proto_files: list[pb.FileDescriptorProto]) -> None:
    enums = [enum for message in _messages(proto_files) for enum in message.enum_type]
    enums += [enum for file in proto_files for enum in file.enum_type]
    assert enums
    zeros = [enum.value[0] for enum in enums]
    assert [zero.name for zero in zeros if not zero.name.endswith("_UNSPECIFIED")] == []


def test_every_rpc_has_its_own_request(proto_files: list[pb.FileDescriptorProto]) -> None:
    methods = [rpc for file in proto_files for service in file.service for rpc in service.method]
    assert methods
    expected = [f".librarian.v1.{rpc.name}Request" for rpc in methods]
    assert [rpc.input_type for rpc in methods] == expected


def test_a_page_is_asked_for_in_one_way(proto_files: list[pb.FileDescriptorProto]) -> None:
    fields = {message.name: _field_names(message) for message in _messages(proto_files)}
    asked = {name for name, names in fields.items() if "page_token" in names}
    answered = {name for name, names in fields.items() if "next_page_token" in names}
    assert asked
    # A stream brings as many pages as are read, up to its limit.
    sizes = {"page_size", "limit"}
    assert {name for name in asked if not fields[name] & sizes} == set()
    assert {name.replace("Request", "Response") for name in asked} == answered


def test_names_of_times_end_alike(proto_files: list[pb.FileDescriptorProto]) -> None:
    fields = [field for message in _messages(proto_files) for field in message.field]
    times = [field.name for field in fields if field.type_name == TIMESTAMP]
    assert times
    assert [name for name in times if name.split("_")[-1] != "time"] == []


def _field_names(message: pb.DescriptorProto) -> set[str]:
    return {field.name for field in message.field}


def _messages(files: list[pb.FileDescriptorProto]) -> Iterator[pb.DescriptorProto]:
    waiting = [message for file in files for message in file.message_type]
    while waiting:
        message = waiting.pop()
        waiting.extend(message.nested_type)
        yield message


def _bare_things(file: pb.FileDescriptorProto) -> list[str]:
    """Return the services, RPCs, messages, fields, enums and values without a comment."""
    places = file.source_code_info.location
    commented = {tuple(place.path) for place in places if place.leading_comments.strip()}
    return [f"{file.name}: {name}" for path, name in _things(file) if path not in commented]


# The numbers are those of descriptor.proto's fields: the path of a place is made of them.
def _things(file: pb.FileDescriptorProto) -> Iterator[Thing]:
    for i, message in enumerate(file.message_type):
        yield from _message_things(message, (4, i), message.name)
    for i, enum in enumerate(file.enum_type):
        yield from _with_members(enum.name, (5, i), enum.value)
    for i, service in enumerate(file.service):
        yield from _with_members(service.name, (6, i), service.method)


def _message_things(message: pb.DescriptorProto, path: Place, name: str) -> Iterator[Thing]:
    yield from _with_members(name, path, message.field)
    for i, nested in enumerate(message.nested_type):
        if not nested.options.map_entry:
            yield from _message_things(nested, (*path, 3, i), f"{name}.{nested.name}")
    for i, enum in enumerate(message.enum_type):
        yield from _with_members(f"{name}.{enum.name}", (*path, 4, i), enum.value)


def _with_members(name: str, path: Place, members: Sequence[Member]) -> Iterator[Thing]:
    # Fields of a message, values of an enum and methods of a service are all number 2.
    yield path, name
    yield from (((*path, 2, i), f"{name}.{member.name}") for i, member in enumerate(members))
