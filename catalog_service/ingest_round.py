"""One attempt to complete uploads: verified, claimed, moved into place, put on record.

This is the one piece of work that takes several transactions, with calls to agents between them.
Each step can be repeated, so whoever takes it up after a crash begins with the first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from catalog_service.database import Transactions
from catalog_service.ingest_records import (
    mark_discarded,
    record_failures,
    record_placed,
    record_verified,
    share_names,
)
from catalog_service.retrying import run_transaction
from catalog_service.upload_agents import (
    StagingPlace,
    UploadAgents,
    Verified,
    discard_places,
    place_uploads,
    verify_uploads,
)
from catalog_service.upload_claims import (
    Claim,
    ClaimedUpload,
    ClaimKeeper,
    claim_uploads,
    lock_claimed,
    release_claims,
)
from catalog_service.uploads import (
    KnownFile,
    algorithm_of,
    find_files,
    other_contents,
    unknown_upload,
)
from librarian.checksums import parse_checksum
from librarian.errors import (
    BusyError,
    ConflictError,
    CorruptContentsError,
    InvalidRequestError,
    LibrarianError,
    StateError,
    UnknownUploadError,
)
from librarian.failures import error_from
from librarian.names import show_name
from librarian.service.killpoints import reach

Answer = KnownFile | LibrarianError

_FINAL = (KnownFile, InvalidRequestError, CorruptContentsError, ConflictError, UnknownUploadError)


class IngestRound:
    """Takes every upload of a batch as far as it goes."""

    def __init__(
        self,
        transactions: Transactions,
        agents: UploadAgents,
        checksums: Mapping[str, str],
        account_name: str | None,
    ) -> None:
        self._transactions = transactions
        self._agents = agents
        self._checksums = checksums
        self._account_name = account_name
        self._answers: dict[str, Answer] = {}

    def run(self) -> dict[str, Answer]:
        """Return what became of each upload, by id."""
        claims = self._claim()
        if claims:
            with ClaimKeeper(self._transactions, claims):
                received = [claim for claim in claims if claim.upload.state == "RECEIVING"]
                ready = [claim for claim in claims if claim.upload.state == "VERIFIED"]
                ready += self._record_verified(self._verify(received))
                self._finish(claims, self._place(ready))
        return self._answers

    def _claim(self) -> list[Claim]:
        ids = list(self._checksums)
        claimed = run_transaction(
            self._transactions, lambda db: claim_uploads(db, ids, self._account_name)
        )
        reach("ingest.claimed")
        self._answer_over(claimed.over)
        busy = BusyError("Another call is completing this upload: repeat the call later.")
        self._answers |= dict.fromkeys(claimed.busy, busy)
        # Stands until this round knows better: who loses a claim on the way has no other answer.
        self._answers |= {claim.upload.id: busy for claim in claimed.claims}
        unknown = self._checksums.keys() - self._answers.keys()
        self._answers |= {upload_id: unknown_upload(upload_id) for upload_id in unknown}
        return claimed.claims

    def _answer_over(self, over: Sequence[ClaimedUpload]) -> None:
        names = [upload.file_name for upload in over if upload.state == "DONE"]
        files = (
            run_transaction(self._transactions, lambda db: find_files(db, names)) if names else {}
        )
        for upload in over:
            is_done = upload.state == "DONE"
            self._answers[upload.id] = files[upload.file_name] if is_done else _error_of(upload)

    def _verify(self, received: Sequence[Claim]) -> dict[Claim, Verified]:
        wanted = {claim: self._expected_checksum(claim) for claim in received}
        refused = {c: e for c, e in wanted.items() if isinstance(e, LibrarianError)}
        self._fail(refused)
        checksums = {c: text for c, text in wanted.items() if isinstance(text, str)}
        results = verify_uploads(self._agents, checksums)
        verified = self._keep_good({c: _as_arrived(c, result) for c, result in results.items()})
        return self._compare_with_record(verified)

    def _expected_checksum(self, claim: Claim) -> str | LibrarianError:
        said, sent = claim.upload.checksum, self._checksums[claim.upload.id]
        try:
            sent = str(parse_checksum(sent)) if sent else ""
        except InvalidRequestError as error:
            return error
        if sent and said and algorithm_of(sent) == algorithm_of(said) and sent != said:
            return CorruptContentsError(
                f"What was sent of {show_name(claim.upload.file_name)} is not what was announced:"
                " start the upload anew."
            )
        return sent or said

    def _compare_with_record(self, verified: dict[Claim, Verified]) -> dict[Claim, Verified]:
        """Have those read again whose file is on record by another kind of checksum."""
        again = {
            claim: claim.file.checksum
            for claim, found in verified.items()
            if claim.file and algorithm_of(found.checksum) != algorithm_of(claim.file.checksum)
        }
        read_again = verify_uploads(self._agents, again)
        equal = self._keep_good({c: _as_mismatch(c, result) for c, result in read_again.items()})
        reach("ingest.inspected")
        once = {claim: found for claim, found in verified.items() if claim not in again}
        return once | {claim: replace(found, equals_record=True) for claim, found in equal.items()}

    def _record_verified(self, verified: dict[Claim, Verified]) -> list[Claim]:
        if not verified:
            return []
        outcome = run_transaction(self._transactions, lambda db: record_verified(db, verified))
        reach("ingest.verified")
        self._answers |= {claim.upload.id: answer for claim, answer in outcome.over.items()}
        for claim in outcome.held_up:
            name = show_name(claim.upload.file_name)
            self._answers[claim.upload.id] = BusyError(
                f"Another upload of {name} is being completed: repeat the call later."
            )
        return outcome.ready

    def _place(self, ready: Sequence[Claim]) -> list[Claim]:
        results = place_uploads(self._agents, ready)
        reach("ingest.placed")
        self._fail({claim: error for claim, error in results.items() if error is not None})
        return [claim for claim, error in results.items() if error is None]

    def _finish(self, claims: Sequence[Claim], placed: list[Claim]) -> None:
        """Discard what is left in staging, put on record what was placed, release the rest.

        What was placed can be placed again without its staging place, so this order is safe, and
        it spares a transaction.
        """
        over = [claim for claim in claims if _is_final(self._answers[claim.upload.id])]
        places = [StagingPlace(c.agent, c.upload.id, c.store.name) for c in [*placed, *over]]
        discarded = discard_places(self._agents, places)
        reach("ingest.discarded")
        ended = {*over, *placed}
        rest = [claim for claim in claims if claim not in ended]
        files = run_transaction(
            self._transactions, lambda db: record_end(db, claims, placed, discarded, rest)
        )
        reach("ingest.recorded")
        self._answers |= {claim.upload.id: file for claim, file in files.items()}

    def _keep_good(
        self, results: Mapping[Claim, Verified | LibrarianError]
    ) -> dict[Claim, Verified]:
        self._fail({c: r for c, r in results.items() if isinstance(r, LibrarianError)})
        return {c: r for c, r in results.items() if isinstance(r, Verified)}

    def _fail(self, failures: Mapping[Claim, LibrarianError]) -> None:
        """Answer failures, and record those that repeating the call cannot mend."""
        final = {claim: error for claim, error in failures.items() if _is_final(error)}
        if final:
            run_transaction(self._transactions, lambda db: record_failures(db, final))
        self._answers |= {claim.upload.id: error for claim, error in failures.items()}


def record_end(
    db: Session,
    claims: Sequence[Claim],
    placed: Sequence[Claim],
    discarded_ids: set[str],
    rest: Sequence[Claim],
) -> dict[Claim, KnownFile]:
    """Put on record what was placed, release the rest; return the files."""
    share_names(db)
    # All at once and in order: whoever renews these claims locks them so, too.
    mine = lock_claimed(db, claims)
    files = record_placed(db, placed, mine, discarded_ids) if placed else {}
    mark_discarded(db, discarded_ids - {claim.upload.id for claim in files})
    release_claims(db, rest)
    return files


def _is_final(answer: Answer) -> bool:
    """Tell whether repeating the call cannot change the answer."""
    return isinstance(answer, _FINAL)


def _as_arrived(claim: Claim, result: Verified | LibrarianError) -> Verified | LibrarianError:
    """Tell what it means that what a neighbour sent cannot be a file: it is no file there."""
    is_no_file = isinstance(result, (InvalidRequestError, UnknownUploadError))
    if is_no_file and claim.upload.incoming_batch_id is not None:
        return CorruptContentsError(str(result))
    return result


def _as_mismatch(claim: Claim, result: Verified | LibrarianError) -> Verified | LibrarianError:
    """Tell what it means that contents are not those of the file on record."""
    if isinstance(result, CorruptContentsError) and claim.file is not None:
        return other_contents(claim.file)
    return result


def _error_of(upload: ClaimedUpload) -> LibrarianError:
    """Return why an upload is over that is not done."""
    name = show_name(upload.file_name)
    if upload.state == "FAILED":
        return error_from(upload.error_reason, upload.error)
    return StateError(f"The upload of {name} was given up: start it anew. {upload.error}")
