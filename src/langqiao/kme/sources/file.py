"""Keys from a file: equipment that writes its key stream to disk, or keys carried on a medium.

The file is a sequence of blocks of 2,048 bytes, the same file at both ends; it may grow. Its mode must be
0600. What was taken over is noted in the store, not in the file: wipe the file once it is taken over.
"""

from __future__ import annotations

from langqiao.kme.errors import KmeError
from langqiao.kme.files import check_private
from langqiao.kme.sources import BLOCK_BYTES, Block, LinkContext
from langqiao.kme.toml import Table


class FileSource:
    """A file of blocks. Option: ``path``, relative to the configuration's folder.

    Raises:
        KmeError: an option is unknown, or the file is missing or open to others.
    """

    def __init__(self, link: LinkContext) -> None:
        options = Table(link.options, f"source {link.peer}")
        self._path = link.folder / options.text("path")
        options.done()
        check_private(self._path)

    def poll(self, cursor: str, most: int) -> tuple[list[Block], str]:
        """Return the whole blocks behind the cursor.

        Raises:
            KmeError: the cursor is none of ours, or the file cannot be read.
        """
        if cursor and not cursor.isdecimal():
            raise KmeError("the cursor of the file source is damaged", kind="source")
        first = int(cursor or 0)
        try:
            with self._path.open("rb") as stream:
                stream.seek(first * BLOCK_BYTES)
                data = stream.read(most * BLOCK_BYTES)
        except (OSError, OverflowError) as error:
            raise KmeError(f"{self._path}: {error}", kind="source") from error
        whole = len(data) // BLOCK_BYTES
        blocks = [Block(first + i, data[i * BLOCK_BYTES : (i + 1) * BLOCK_BYTES]) for i in range(whole)]
        return blocks, str(first + whole)
