//! The records of a compressed batch, however much its bytes promise: never more than a producer could have sent
//! without a codec. A few kilobytes can stand for gigabytes, and whoever may write can send them.

use std::io::{self, Read};

use super::records::{Compression, Malformed};

/// What the records of one batch may amount to, bytes: `socket.request.max.bytes`, which bounds the uncompressed ones.
pub(super) const MAX_RECORDS: usize = 100 * 1024 * 1024;

/// What snappy-java writes before its blocks: its name, its version and the oldest one that can read it.
const SNAPPY_JAVA: &[u8; 8] = b"\x82SNAPPY\0";
const SNAPPY_JAVA_HEADER: usize = 16;

/// The plain records of a batch's body; [`Malformed`] also if there are more than `limit` bytes of them.
pub(super) fn decompress(codec: Compression, body: &[u8], limit: usize) -> Result<Vec<u8>, Malformed> {
    let plain = match codec {
        Compression::None => Ok(body.to_vec()),
        Compression::Gzip => read_all(flate2::read::MultiGzDecoder::new(body), limit),
        Compression::Lz4 => lz4::Decoder::new(body).and_then(|mut decoder| {
            let plain = read_all(&mut decoder, limit)?;
            // At the end of its input the decoder does not say by itself that more should come.
            decoder.finish().1.map(|()| plain)
        }),
        Compression::Zstd => {
            zstd::stream::read::Decoder::new(body).and_then(|decoder| read_all(decoder, limit))
        }
        Compression::Snappy => return snappy(body, limit),
    };
    plain.map_err(|_| Malformed)
}

fn read_all(stream: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    stream.take(limit as u64 + 1).read_to_end(&mut plain)?;
    if plain.len() > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(plain) }
}

/// Blocks in snappy-java's framing, or without it one block.
fn snappy(body: &[u8], limit: usize) -> Result<Vec<u8>, Malformed> {
    let mut plain = Vec::new();
    let mut rest = match body.strip_prefix(SNAPPY_JAVA) {
        None => {
            snappy_block(body, limit, &mut plain)?;
            return Ok(plain);
        }
        Some(_) => body.get(SNAPPY_JAVA_HEADER..).ok_or(Malformed)?,
    };
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (block, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or(Malformed)?;
        snappy_block(block, limit, &mut plain)?;
        rest = after;
    }
    if rest.is_empty() { Ok(plain) } else { Err(Malformed) }
}

/// Appends one block, whose size is known before anything is made of it.
fn snappy_block(block: &[u8], limit: usize, plain: &mut Vec<u8>) -> Result<(), Malformed> {
    let length = snap::raw::decompress_len(block).map_err(|_| Malformed)?;
    let start = plain.len();
    if length > limit - start {
        return Err(Malformed);
    }
    plain.resize(start + length, 0);
    snap::raw::Decoder::new().decompress(block, &mut plain[start..]).map_err(|_| Malformed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::records::compressed;
    use super::*;

    const CODECS: [Compression; 4] =
        [Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];

    #[test]
    fn every_codec_gives_back_what_it_took_up_to_the_limit() {
        let records: Vec<u8> = (0..100_000u32).flat_map(u32::to_be_bytes).collect();
        for codec in CODECS {
            let body = compressed(codec, &records).unwrap();
            let plain = |body: &[u8], limit| decompress(codec, body, limit);
            assert!(plain(&body, records.len()).is_ok_and(|plain| plain == records), "{codec:?}");
            assert!(plain(&body, records.len() - 1).is_err(), "{codec:?}: more than the limit");
            assert!(plain(&body[..body.len() / 2], records.len()).is_err(), "{codec:?}: half of it");
        }
    }

    #[test]
    fn a_block_that_only_claims_to_be_large_is_refused_before_anything_is_reserved() {
        // A snappy block begins with its length: here four gigabytes, of which nothing follows.
        assert_eq!(decompress(Compression::Snappy, b"\xff\xff\xff\xff\x0f", MAX_RECORDS), Err(Malformed));
    }

    #[test]
    fn snappy_without_the_framing_of_java_is_read_too() {
        let block = snap::raw::Encoder::new().compress_vec(b"records").unwrap();
        assert_eq!(decompress(Compression::Snappy, &block, 7), Ok(b"records".to_vec()));
    }
}
