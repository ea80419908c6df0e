"""The meaning of SMTP replies, by phase, reply code (RFC 5321 §4.2) and enhanced status code (RFC 3463, RFC 5248).

The text of a reply is considered only where its codes are too general.
"""

import re
from typing import Final

from auth_api.kit.mail.failures import FailureMeaning, ReplyCodes, SendPhase

_ENHANCED_CODE: Final = re.compile(r"(?:^(?:\d{3}[ -])?|#)([245]\.\d{1,3}\.\d{1,3})\b(?!\.\d)", re.MULTILINE)
"""At the beginning of a line, where some relays repeat the reply code, or as `(#5.7.1)` in replies of qmail."""

_RELAY_WORDS: Final = r"\brelay(?:ing)?\b(?![.@-])|authenticat(?:e|ion) (?:is )?required|authenticate first"
_SENDER_WORDS: Final = (
    r"\bsender (?:address|verif|identity|denied|rejected|not\b|is not)|\bfrom'? address|\bsend as\b|not verified"
)
_QUOTA_WORDS: Final = r"throttl|sending (?:rate|limit|quota)|\b(?:daily|hourly)\b"

_HINTS: Final = (
    (FailureMeaning.RELAY, re.compile(_RELAY_WORDS, re.IGNORECASE)),
    (FailureMeaning.SENDER, re.compile(_SENDER_WORDS, re.IGNORECASE)),
    (FailureMeaning.QUOTA, re.compile(_QUOTA_WORDS, re.IGNORECASE)),
)
"""Words of replies whose codes are general."""

_REFUSAL: Final = re.compile(
    r"\bblock|black ?list|\b(?:rbl|dnsbl)\b|spam|\bgr[ae]y-?list|\b(?:helo|ehlo)\b|\bpolicy\b|prohibit|reputation"
    r"|\bmax defers\b|\btoo many\b|\b(?:dmarc|dkim|spf)\b|\bverification failed for\b",
    re.IGNORECASE,
)
"""Words of replies that refuse the server or the mail, though their code could mean an unknown recipient. Exim sends
`550` without an enhanced code for both."""

_GENERAL: Final = frozenset({"", "0.0", "1.0", "5.0", "7.0", "7.1"})
"""Subjects and details that servers use for different things; empty: none."""

_Row = dict[SendPhase, tuple[FailureMeaning, FailureMeaning]]
"""For each phase the meanings of a temporary and of a permanent reply."""


def _row(
    mail: tuple[FailureMeaning, FailureMeaning],
    rcpt: tuple[FailureMeaning, FailureMeaning],
    data: tuple[FailureMeaning, FailureMeaning],
) -> _Row:
    return {SendPhase.MAIL: mail, SendPhase.RCPT: rcpt, SendPhase.DATA: data}


def _always(meaning: FailureMeaning) -> _Row:
    return _row((meaning, meaning), (meaning, meaning), (meaning, meaning))


_UNKNOWN: Final = FailureMeaning.UNKNOWN_RECIPIENT
_LATER: Final = FailureMeaning.RECIPIENT_LATER
_CONTENT: Final = FailureMeaning.CONTENT
_SENDER: Final = FailureMeaning.SENDER
_POLICY: Final = FailureMeaning.POLICY
_SERVER: Final = FailureMeaning.SERVER
_QUOTA: Final = FailureMeaning.QUOTA

_OTHER_ROW: Final = _row((_SERVER, _SENDER), (_LATER, _POLICY), (_SERVER, _CONTENT))
_SENDER_OR_RECIPIENT_ROW: Final = _row((_SENDER, _SENDER), (_LATER, _LATER), (_LATER, _LATER))
_UNKNOWN_RECIPIENT_ROW: Final = _row((_SERVER, _SENDER), (_LATER, _UNKNOWN), (_SERVER, _CONTENT))
_FILTER_ROW: Final = _row((_SERVER, _SENDER), (_LATER, _POLICY), (_CONTENT, _CONTENT))

_TABLE: Final[dict[str, _Row]] = {
    # Subjects of enhanced status codes (RFC 3463 §3).
    "1": _row((_SENDER, _SENDER), (_LATER, _UNKNOWN), (_LATER, _UNKNOWN)),
    "2": _SENDER_OR_RECIPIENT_ROW,
    "3": _always(_SERVER),
    "4": _row((_SERVER, _SERVER), (_LATER, _LATER), (_LATER, _LATER)),
    "5": _row((_SERVER, _POLICY), (_LATER, _POLICY), (_SERVER, _POLICY)),
    "6": _always(_CONTENT),
    "7": _always(_POLICY),
    # Subjects with details that mean something else; details of two and three digits are from Exchange and RFC 7372.
    **dict.fromkeys(("1.7", "1.8", "2.252", "7.27", "7.60"), _always(_SENDER)),
    **dict.fromkeys(("1.90", "7.232", "7.233", "7.236"), _always(_QUOTA)),
    "2.3": _always(_CONTENT),  # too large
    "3.4": _always(_CONTENT),  # too large
    "4.5": _row((_SERVER, _QUOTA), (_LATER, _QUOTA), (_SERVER, _QUOTA)),
    "7.0": _FILTER_ROW,
    "7.1": _FILTER_ROW,
    **dict.fromkeys(("7.54", "7.64"), _always(FailureMeaning.RELAY)),
    "7.57": _always(FailureMeaning.LOGIN_REQUIRED),
    # Reply codes without an enhanced status code (RFC 5321 §4.2.2, RFC 7504).
    **dict.fromkeys(("550", "551", "553", "556"), _UNKNOWN_RECIPIENT_ROW),
    "552": _row((_SERVER, _CONTENT), (_LATER, _LATER), (_SERVER, _CONTENT)),
}

_TLS_REQUIRED_CODES: Final = frozenset({523, 538})
_TLS_REQUIRED_ENHANCED_CODES: Final = frozenset({"5.7.10", "5.7.11"})
"""Replies to AUTH on a connection without TLS (RFC 4954 §6, RFC 5248)."""

_LOGIN_CODES: Final = frozenset({530, 534, 535})
_SHUTDOWN_CODE: Final = 421
_FIRST_PERMANENT_CODE: Final = 500


def read_codes(code: int, text: str) -> ReplyCodes:
    """Return the codes of a reply, given its text without the reply code; several lines are separated by newlines."""
    enhanced = _ENHANCED_CODE.search(text)
    return ReplyCodes(code, enhanced[1] if enhanced else "")


def meaning_of(codes: ReplyCodes, text: str, phase: SendPhase) -> FailureMeaning:
    """Return the meaning of a negative or unexpected reply.

    Args:
        codes: of the reply.
        text: of the reply, without the reply code.
        phase: in which the server sent it.
    """
    if codes.basic == _SHUTDOWN_CODE or not 400 <= codes.basic <= 599:  # noqa: PLR2004 - 4yz and 5yz
        return FailureMeaning.UNAVAILABLE
    if codes.basic in _TLS_REQUIRED_CODES or (codes.basic in _LOGIN_CODES and "starttls" in text.lower()):
        return FailureMeaning.TLS_REQUIRED
    match phase:
        case SendPhase.MAIL | SendPhase.RCPT | SendPhase.DATA:
            return _meaning_for_a_mail(codes, text, phase)
        case SendPhase.AUTH:
            return _meaning_for_a_login(codes)
        case SendPhase.TLS:
            return FailureMeaning.TLS
        case _:
            return FailureMeaning.UNAVAILABLE


def _meaning_for_a_login(codes: ReplyCodes) -> FailureMeaning:
    if codes.enhanced in _TLS_REQUIRED_ENHANCED_CODES:
        return FailureMeaning.TLS_REQUIRED
    return FailureMeaning.LOGIN if codes.basic >= _FIRST_PERMANENT_CODE else FailureMeaning.UNAVAILABLE


def _meaning_for_a_mail(codes: ReplyCodes, text: str, phase: SendPhase) -> FailureMeaning:
    if codes.basic in _LOGIN_CODES:
        return FailureMeaning.LOGIN_REQUIRED
    detail = codes.enhanced[2:]
    if detail in _GENERAL:
        for meaning, words in _HINTS:
            if words.search(text):
                return meaning
    key = detail or str(codes.basic)
    row = _TABLE.get(key) or _TABLE.get(detail.partition(".")[0]) or _OTHER_ROW
    # A reply whose codes contradict each other is temporary: it must not end the attempts.
    is_permanent = codes.basic >= _FIRST_PERMANENT_CODE and codes.enhanced[:1] in {"", "5"}
    meaning = row[phase][is_permanent]
    is_refusal = meaning is _UNKNOWN and detail in _GENERAL and _REFUSAL.search(text) is not None
    return _POLICY if is_refusal else meaning
