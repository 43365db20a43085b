"""The tokens of a statement that sqlglot only knows as a whole, read one after another."""

from __future__ import annotations

from typing import ClassVar

from snowflake.connector.errors import ProgrammingError
from sqlglot import TokenType, exp
from sqlglot.dialects.snowflake import Snowflake

from snowflake_stand_in.sql.errors import compilation

_OPENING = (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE)
_CLOSING = (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END)
_STRINGS = (TokenType.STRING, TokenType.RAW_STRING, TokenType.HEREDOC_STRING)


class _Snowflake(Snowflake):
    """The dialect, but without statements whose rest is one token."""

    class Tokenizer(Snowflake.Tokenizer):
        COMMANDS: ClassVar[set[TokenType]] = set()


class TokenStream:
    """A position in a text's tokens. Words are compared in upper case."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = _Snowflake().tokenize(text)
        self._next = 0

    @property
    def at_end(self) -> bool:
        """Whether all tokens have been read."""
        return self._next >= len(self._tokens)

    @property
    def word(self) -> str:
        """The next token in upper case; empty at the end and for strings and quoted names."""
        return self.ahead(0)

    @property
    def start(self) -> int:
        """Where the next token starts in the text."""
        return len(self.text) if self.at_end else self._tokens[self._next].start

    def ahead(self, count: int) -> str:
        """Return the word `count` tokens ahead, as `word` does."""
        position = self._next + count
        if position >= len(self._tokens):
            return ""
        token = self._tokens[position]
        quoted = token.token_type in (*_STRINGS, TokenType.IDENTIFIER)
        return "" if quoted else token.text.upper()

    def accept(self, *words: str) -> bool:
        """Read these words if they come next."""
        if [self.ahead(i) for i in range(len(words))] != list(words):
            return False
        self._next += len(words)
        return True

    def expect(self, *words: str) -> None:
        """Read these words, or raise."""
        if not self.accept(*words):
            raise self.unexpected()

    def name(self) -> str:
        """Read one identifier; return its stored form."""
        if not self.at_end:
            token = self._tokens[self._next]
            if token.token_type == TokenType.IDENTIFIER:
                self._next += 1
                return token.text
            if token.text.replace("$", "_").isidentifier() and token.token_type not in _STRINGS:
                self._next += 1
                return token.text.upper()
        raise self.unexpected()

    def table(self) -> exp.Table:
        """Read a dotted name."""
        parts = [self.name()]
        while self.accept("."):
            parts.append(self.name())
        if len(parts) > 3:
            raise self.unexpected()
        identifiers = [exp.to_identifier(part, quoted=True) for part in reversed(parts)]
        return exp.Table(**dict(zip(("this", "db", "catalog"), identifiers, strict=False)))

    def string(self) -> str:
        """Read one string."""
        if not self.at_end and self._tokens[self._next].token_type in _STRINGS:
            self._next += 1
            return self._tokens[self._next - 1].text
        raise self.unexpected()

    def value(self) -> str:
        """Read a property's value: a string, a number or a word."""
        if not self.at_end and self._tokens[self._next].token_type in _STRINGS:
            return self.string()
        return self.skip()

    def skip(self) -> str:
        """Read any one token; return its text."""
        if self.at_end:
            raise self.unexpected()
        self._next += 1
        return self._tokens[self._next - 1].text

    def until(self, *words: str) -> str:
        """Read up to one of these words outside brackets and CASE; return the text up to there.

        Without words, or if none comes, read to the end.
        """
        first, depth = self._next, 0
        while not self.at_end:
            token = self._tokens[self._next]
            if depth == 0 and self.word in words:
                break
            if token.token_type in _OPENING:
                depth += 1
            elif token.token_type in _CLOSING:
                depth -= 1
            self._next += 1
        if first == self._next:
            return ""
        return self.text[self._tokens[first].start : self._tokens[self._next - 1].end + 1]

    def rest(self) -> str:
        """Read to the end, without the semicolons there; return the text."""
        first = self._next
        self._next = last = len(self._tokens)
        while last > first and self._tokens[last - 1].token_type == TokenType.SEMICOLON:
            last -= 1
        return (
            self.text[self._tokens[first].start : self._tokens[last - 1].end + 1]
            if (last > first)
            else ""
        )

    def end(self) -> None:
        """Raise unless nothing but semicolons is left."""
        while self.accept(";"):
            pass
        if not self.at_end:
            raise self.unexpected()

    def unexpected(self) -> ProgrammingError:
        """Make the syntax error for the next token."""
        line, position = place(self.text, self.start)
        found = "<EOF>" if self.at_end else self._tokens[self._next].text
        return compilation(
            1003, f"syntax error line {line} at position {position} unexpected '{found}'."
        )


def place(text: str, offset: int) -> tuple[int, int]:
    """Return the line, counted from 1, and the position in it, from 0."""
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1)
