//! A PNG or JPEG made ready for text recognition: upright, grey, of a size that pays, with contrast.
//!
//! Sizes are checked before a pixel is decoded. Deskewing and binarisation are left to Tesseract,
//! which does both.

use std::io::Cursor;

use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, ImageDecoder, ImageError, ImageReader, Rgba};

use super::{FailureKind, Limits, ParseFailure};

/// Narrower pictures are enlarged: an A4 page has small letters, and read better (half the errors at
/// 150 dpi, a fifth at 110), for a fifth more time.
const MIN_WIDTH: u32 = 1_600;
/// Width to enlarge to, unless that is more than twice.
const GOOD_WIDTH: u32 = 1_900;
/// Long side of A4 at 300 dpi; more costs time and reads no better.
const MAX_SIDE: u32 = 3_508;
/// Grey levels between dark and light; a picture with fewer is stretched.
const MIN_CONTRAST: u8 = 150;

pub(super) fn prepare(bytes: &[u8], limits: &Limits) -> Result<GrayImage, ParseFailure> {
    let image = decode(bytes, limits)?;
    let mut grey = flatten(image);
    let (width, height) = grey.dimensions();
    let side = width.max(height);
    if side > MAX_SIDE {
        let scaled =
            |n: u32| u32::try_from(u64::from(n) * u64::from(MAX_SIDE) / u64::from(side)).unwrap_or(n).max(1);
        grey = imageops::resize(&grey, scaled(width), scaled(height), FilterType::Triangle);
    } else if width < MIN_WIDTH {
        let wider = GOOD_WIDTH.min(width * 2).min(width * MAX_SIDE / side).max(width);
        grey = imageops::resize(&grey, wider, height * wider / width.max(1), FilterType::CatmullRom);
    }
    stretch(&mut grey);
    Ok(grey)
}

fn decode(bytes: &[u8], limits: &Limits) -> Result<DynamicImage, ParseFailure> {
    if bytes.starts_with(b"\xff\xd8") && is_cut_jpeg(bytes) {
        return Err(cut_off());
    }
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let mut decoder =
        reader.map_err(ImageError::from).and_then(ImageReader::into_decoder).map_err(|e| damaged(&e))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(ParseFailure::new(
            FailureKind::TooLarge,
            format!(
                "the picture has {width} x {height} pixels, more than the limit of {} million; make it smaller",
                limits.max_pixels / 1_000_000
            ),
        ));
    }
    let mut bounds = image::Limits::no_limits();
    bounds.max_alloc = Some(limits.memory_bytes);
    decoder.set_limits(bounds).map_err(|e| damaged(&e))?;
    let orientation = decoder.orientation().map_err(|e| damaged(&e))?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(|e| damaged(&e))?;
    image.apply_orientation(orientation);
    Ok(image)
}

fn damaged(error: &ImageError) -> ParseFailure {
    match error {
        ImageError::Limits(_) => ParseFailure::new(
            FailureKind::TooLarge,
            "the picture needs more memory than the limit; make it smaller or raise the limit",
        ),
        ImageError::Unsupported(_) => ParseFailure::new(
            FailureKind::Unsupported,
            "the picture uses a variant of its format that is not read; save it again as an ordinary PNG or JPEG",
        ),
        _ => cut_off(),
    }
}

fn cut_off() -> ParseFailure {
    ParseFailure::new(FailureKind::Corrupt, "the picture is cut off or damaged; copy or take it again")
}

/// Whether a JPEG ends before its end marker. The decoder would fill the rest with grey, and half a
/// notice would pass for a whole one. Segments before the first scan are stepped over, for they may
/// hold a whole JPEG, the preview.
fn is_cut_jpeg(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xff, marker, high, low]) = bytes.get(at..at + 4) {
        if marker == 0xda {
            return !bytes[at..].windows(2).any(|pair| pair == b"\xff\xd9");
        }
        // Bytes that fill up to a marker.
        at += if marker == 0xff { 1 } else { 2 + usize::from(u16::from_be_bytes([high, low])) };
    }
    true
}

/// Grey on white: what is transparent shows paper, not the black that lies under it.
fn flatten(image: DynamicImage) -> GrayImage {
    if !image.color().has_alpha() {
        return image.into_luma8();
    }
    let mut rgba = image.into_rgba8();
    for Rgba([r, g, b, a]) in rgba.pixels_mut() {
        for channel in [r, g, b] {
            let mixed = (u16::from(*channel) * u16::from(*a) + 255 * (255 - u16::from(*a))) / 255;
            *channel = u8::try_from(mixed).unwrap_or(255);
        }
        *a = 255;
    }
    DynamicImage::ImageRgba8(rgba).into_luma8()
}

/// Spreads the grey levels of a pale picture; of a good one nothing is touched.
fn stretch(image: &mut GrayImage) {
    let mut counts = [0_u64; 256];
    for pixel in image.pixels() {
        counts[usize::from(pixel.0[0])] += 1;
    }
    let total: u64 = counts.iter().sum();
    // The extreme hundredth on either side is dust and glare.
    let level = |share: u64| {
        let mut seen = 0;
        let at = counts.iter().position(|count| {
            seen += count;
            seen * 100 >= total * share
        });
        u8::try_from(at.unwrap_or(255)).unwrap_or(255)
    };
    let (dark, light) = (level(1), level(99));
    if light <= dark || light - dark >= MIN_CONTRAST || light - dark < 16 {
        return;
    }
    let span = u32::from(light - dark);
    for pixel in image.pixels_mut() {
        let above = u32::from(pixel.0[0].saturating_sub(dark)).min(span);
        pixel.0[0] = u8::try_from(above * 255 / span).unwrap_or(255);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, Luma, RgbaImage};

    fn png(image: &DynamicImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        image.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
        bytes
    }

    #[test]
    fn too_many_pixels_are_refused_before_decoding() {
        let bytes = png(&DynamicImage::ImageLuma8(GrayImage::new(40, 30)));
        let limits = Limits { max_pixels: 1_000, ..Limits::default() };
        assert_eq!(prepare(&bytes, &limits).unwrap_err().kind, FailureKind::TooLarge);
    }

    #[test]
    fn transparency_is_paper() {
        let clear = RgbaImage::from_pixel(1_200, 10, Rgba([0, 0, 0, 0]));
        let grey = prepare(&png(&DynamicImage::ImageRgba8(clear)), &Limits::default()).unwrap();
        assert_eq!(grey.get_pixel(0, 0).0, [255]);
    }

    #[test]
    fn small_pictures_grow_and_large_ones_shrink() {
        for ((width, height), expected) in [
            ((300, 200), (600, 400)),
            ((7_016, 100), (3_508, 50)),
            ((1_250, 1_000), (1_900, 1_520)),
            ((1_800, 900), (1_800, 900)),
        ] {
            let bytes = png(&DynamicImage::ImageLuma8(GrayImage::new(width, height)));
            assert_eq!(prepare(&bytes, &Limits::default()).unwrap().dimensions(), expected);
        }
    }

    #[test]
    fn pale_pictures_are_stretched() {
        let mut image = GrayImage::from_fn(100, 100, |x, _| Luma([if x < 50 { 120 } else { 180 }]));
        stretch(&mut image);
        assert_eq!((image.get_pixel(0, 0).0, image.get_pixel(99, 0).0), ([0], [255]));
    }

    #[test]
    fn half_a_jpeg_is_not_taken_for_a_whole_one() {
        let mut bytes = Vec::new();
        let image = GrayImage::from_fn(200, 200, |x, y| Luma([(x * y % 251) as u8]));
        image.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Jpeg).unwrap();
        assert!(prepare(&bytes, &Limits::default()).is_ok());
        bytes.truncate(bytes.len() / 2);
        assert_eq!(prepare(&bytes, &Limits::default()).unwrap_err().kind, FailureKind::Corrupt);
    }

    #[test]
    fn a_damaged_picture_says_so() {
        let mut bytes = png(&DynamicImage::ImageLuma8(GrayImage::new(40, 30)));
        bytes.truncate(40);
        assert_eq!(prepare(&bytes, &Limits::default()).unwrap_err().kind, FailureKind::Corrupt);
    }
}
