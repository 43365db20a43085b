"""The floor: inflate and deflate with the same library and level as ingest, and look at nothing."""

import sys

from isal import igzip_lib, isal_zlib

GZIP = 31


def main(source: str, target: str) -> None:
    """Recompress `source`. These sizes of pieces were the fastest of eleven tried."""
    inflate = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    deflate = isal_zlib.compressobj(2, isal_zlib.DEFLATED, GZIP)
    with open(source, "rb") as read, open(target, "wb") as written:
        while not inflate.eof:
            chunk = read.read(1 << 16) if inflate.needs_input else b""
            written.write(deflate.compress(inflate.decompress(chunk, 1 << 18)))
        written.write(deflate.flush())


if __name__ == "__main__":
    main(*sys.argv[1:])
