"""Buttons that are pressed twice, or in two windows."""

from tests.web_frontend.pages import WebClient


def test_a_staging_that_goes_on_already_is_no_error(web: WebClient, running_job: int) -> None:
    assert web.post(f"/staging/{running_job}/retry").status == 303
    assert "It goes on already." in web.page(f"/staging/{running_job}").words()


def test_a_staging_is_not_stopped_as_a_reconciliation(web: WebClient, running_job: int) -> None:
    assert web.post(f"/reconciliations/{running_job}/cancel").status == 404
    assert "cancel" in web.page(f"/staging/{running_job}").words("[data-part=actions]").lower()
