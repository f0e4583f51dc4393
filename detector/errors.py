"""What can go wrong, by name. No message holds an identifier: fields and faults are quoted, values never."""


class DetectorError(Exception):
    """Base of everything the engine raises on purpose. The message is one sentence for a person."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows of it: IPython asks for this, and the sentence says more than the stack."""
        return [f"{type(self).__name__}: {self}"]


class BadInput(DetectorError):
    """What was given cannot be used: a missing column, a foreign file, a folder that is not there."""


class ModelMismatch(BadInput):
    """A model made for another feature set, another format or by another hand."""


class KeyMissing(BadInput):
    """No pseudonym key, or one of the wrong shape."""


class TooLittleData(BadInput):
    """Too few rows or labels for what was asked."""
