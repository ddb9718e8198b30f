"""The audit log's page, and that what people do by the pages is in it, with their addresses."""

from pathlib import Path

from librarian.client.audit import AuditEntry
from librarian.client.librarian import Librarian
from tests.system.site import Site
from tests.web_frontend.conftest import WebAs
from tests.web_frontend.pages import WebClient


def entries(admin: Librarian, action: str, account: str | None = None) -> list[AuditEntry]:
    return list(admin.list_audit_entries(account, action))


def test_what_people_do_by_the_pages_is_on_record_with_their_address(
    web: WebClient, admin: Librarian
) -> None:
    values = {"name": "audited-by-page", "role": "READONLY", "new": "", "again": ""}
    elsewhere = {"REMOTE_ADDR": "203.0.113.77"}
    assert web.post("/accounts/-/new", values, environ_base=elsewhere).status == 303
    [entry] = [e for e in entries(admin, "Accounts/CreateAccount") if e.subject == values["name"]]
    assert (entry.account, entry.address) == ("web-admin", "203.0.113.77")
    assert entry.details["role"] == "READONLY"
    page = web.page("/audit?subject=audited-by-page")
    assert "203.0.113.77" in page.words("tbody")
    assert "Accounts/CreateAccount" in page.words("tbody")


def test_uploads_stagings_and_registrations_leave_one_entry_each(
    web_site: Site, admin: Librarian, tmp_path: Path
) -> None:
    names = [f"audited.{number}.txt" for number in range(2)]
    for name in names:
        (tmp_path / name).write_text(name)
        admin.upload(tmp_path / name, f"audited/{name}", null_obsid=True)
    started = [e for e in entries(admin, "Uploads/StartUploads") if e.subject in names]
    assert [e.details["file_count"] for e in started] == [1, 1]
    assert len(entries(admin, "Uploads/CompleteUploads")) >= 2
    admin.add_file_event(names[0], "looked-at", {"by": "a person"})
    [event] = [e for e in entries(admin, "Files/CreateFileEvent") if e.subject == names[0]]
    assert event.details == {"type": "looked-at"}
    (web_site.layout.store / "audited").mkdir(exist_ok=True)
    (web_site.layout.store / "audited" / "audited.2.txt").write_text("audited.2.txt")
    paths = ["audited/audited.2.txt"]
    list(admin.register("store", paths, null_obsid=True))
    registrations = entries(admin, "Instances/RegisterInstances")
    assert [e.subject for e in registrations if e.details["paths"] == paths] == ["store"]
    job = admin.stage_files("name:audited.*.txt", "audited/staged").wait(timeout_seconds=60)
    [staged] = [e for e in entries(admin, "Staging/StartStaging") if "audited" in e.subject]
    assert staged.subject == "audited/staged"
    assert job.files_done == 3


def test_the_log_is_filtered_and_paged(web: WebClient, admin: Librarian) -> None:
    for number in range(52):
        admin.create_user(f"paged-{number}", "NONE")
        admin.delete_user(f"paged-{number}")
    first = web.page("/audit?action=Accounts/DeleteAccount")
    assert len(first.all("main tbody tr")) == 50
    assert "Accounts/CreateAccount" not in first.words("tbody")
    following = first.one("a[rel=next]").attributes["href"]
    assert following
    second = web.page(following)
    seen = {row.text() for row in first.all("main tbody tr")}
    assert not seen & {row.text() for row in second.all("main tbody tr")}
    assert len(second.all("main tbody tr")) >= 2
    assert second.one("a[rel=first]")
    assert web.get("/audit?page=../etc/passwd").status == 400
    assert "No such entries" in web.page("/audit?account=nobody-of-that-name").words()


def test_hostile_text_in_the_filters_and_the_log_is_only_text(
    web: WebClient, admin: Librarian
) -> None:
    hostile = "<script>alert(1)</script>' OR 1=1 --"
    admin.save_search("hostile-one", f'name:"{hostile}"')
    page = web.page("/audit", query_string={"subject": hostile, "account": hostile * 99})
    assert page.status == 200
    assert "<script>alert" not in page.text
    listed = web.page("/audit?subject=hostile-one")
    assert "<script>alert" not in listed.text
    assert "<script>alert(1)" in listed.words("tbody")


def test_only_administrators_see_it(web_as: WebAs) -> None:
    assert web_as("READWRITE").get("/audit").status == 403
    assert 'href="/audit"' not in web_as("READWRITE").page("/").text
