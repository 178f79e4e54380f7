"""What goes wrong with an object store: of one object, or of all; what may pass; in sentences."""

from __future__ import annotations

from urllib.parse import urlsplit

from core.errors import InvalidInput, LightboxError, NotAllowed, NotFound, Unreachable

_MAY_PASS = {"SlowDown", "Throttling", "ThrottlingException", "RequestTimeout", "InternalError"}


class ObjectError(OSError):
    """One object can't be read; the others may be. ``str()`` is a sentence about it."""


class ObjectGone(ObjectError, FileNotFoundError):
    """There is no such object."""


class Short(OSError):
    """A body ended before its end."""


def sentence_of(error: Exception, bucket: str) -> LightboxError | None:
    """What an error means that is not one object's; ``None`` if it is a defect."""
    from botocore import exceptions as known

    status, code = code_of(error)
    endpoint = str(getattr(error, "kwargs", {}).get("endpoint_url", ""))
    host = urlsplit(endpoint).netloc
    if _is_refused(error):
        return inside_network(host)
    if code in ("NoSuchBucket", "404") or isinstance(error, FileNotFoundError):
        return NotFound(
            "There is no such bucket.",
            file=f"s3://{bucket}",
            remedy="Check its name, and AWS_ENDPOINT_URL where the store is not Amazon's.",
        )
    if isinstance(
        error,
        known.NoCredentialsError
        | known.PartialCredentialsError
        | known.CredentialRetrievalError
        | known.ProfileNotFound
        | known.TokenRetrievalError
        | known.SSOError,
    ):
        return NotAllowed(
            "There are no credentials for the object store.",
            file=f"s3://{bucket}",
            remedy="Start Lightbox with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or with "
            "AWS_PROFILE.",
        )
    if status in (401, 403) or isinstance(error, PermissionError):
        return NotAllowed(
            f"The object store doesn't let Lightbox in ({code or status}).",
            file=f"s3://{bucket}",
            remedy="Check the credentials that it was started with: they need to list this "
            "bucket and to read what is in it.",
        )
    if status in (301, 307) or code == "IllegalLocationConstraintException":
        return InvalidInput(
            "This bucket is in another region.",
            file=f"s3://{bucket}",
            remedy="Set AWS_DEFAULT_REGION to its region.",
        )
    if isinstance(error, known.SSLError):
        return Unreachable(
            "The object store's certificate can't be trusted.",
            file=host,
            remedy="Set AWS_CA_BUNDLE to your own authority's certificate.",
        )
    if may_pass(error):
        what = f" ({code or status})" if status else ""
        return Unreachable(
            f"The object store can't be reached, or answers with errors{what}.",
            file=host or f"s3://{bucket}",
            remedy="Check the network and AWS_ENDPOINT_URL, then try again; what was done is kept.",
        )
    if isinstance(error, known.ParamValidationError | known.NoRegionError | ValueError):
        return InvalidInput(
            "The object store can't be asked like that.",
            file=f"s3://{bucket}",
            remedy="Check the bucket's name, AWS_ENDPOINT_URL and AWS_DEFAULT_REGION.",
        )
    if isinstance(error, known.BotoCoreError | known.ClientError | OSError):
        return Unreachable(
            f"The object store answers in a way that Lightbox doesn't know ({code or error}).",
            file=host or f"s3://{bucket}",
        )
    return None


def code_of(error: BaseException | None) -> tuple[int, str]:
    """HTTP status and S3's code of an error; 0 and "" where there was no answer."""
    from botocore.exceptions import ClientError

    # s3fs makes OSErrors of some, raised from what the store said.
    for each in (error, getattr(error, "__cause__", None)):
        if isinstance(each, ClientError):
            status = each.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return int(status), str(each.response.get("Error", {}).get("Code", ""))
    return 0, ""


def may_pass(error: BaseException) -> bool:
    """Whether it is worth it to try again."""
    from aiohttp import ClientError as HttpError
    from botocore import exceptions as known

    status, code = code_of(error)
    if status:
        return status >= 500 or status == 429 or code in _MAY_PASS
    if isinstance(error, known.SSLError):
        return False
    if _is_refused(error):
        return False
    lines = (known.ConnectionError, known.HTTPClientError, HttpError, ConnectionError, TimeoutError)
    bodies = (known.IncompleteReadError, known.ChecksumError, known.FlexibleChecksumError, Short)
    if isinstance(error, (*lines, *bodies)):
        return True
    cause = error.__cause__
    return cause is not None and isinstance(error, OSError) and may_pass(cause)


def _is_refused(error: BaseException | None) -> bool:
    """Whether a connection was not made since it would have led inside."""
    from core.files.inside import Inside  # which needs what may be missing

    while error is not None and not isinstance(error, Inside):
        error = error.__cause__ or error.__context__
    return error is not None


def inside_network(host: str) -> NotAllowed:
    """What is said of a store that nothing is asked of."""
    return NotAllowed(
        "The object store is inside the network, where Lightbox asks nobody unless told so.",
        file=host,
        remedy=f"If it is yours, start Lightbox with LIGHTBOX_STORES={host}",
    )
