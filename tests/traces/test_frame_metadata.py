from __future__ import annotations

import io

import numpy as np
import pytest
import skimage.data
from exif_maker import exif_block
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from locard import Image, Outcome
from locard_traces.frame_metadata import FrameMetadata
from locard_traces.frame_search import correlation_map, find, reduced
from locard_traces.frame_sizes import (
    Relation,
    declared_crop,
    missing_share,
    relation,
    usual_shape,
    whole_number,
)
from locard_traces.frame_thumbnail import UnusableThumbnailError, find_bars, read_thumbnail

FRAME = np.asarray(skimage.data.coffee())  # 600×400
HEIGHT, WIDTH = FRAME.shape[:2]


def shrunk(pixels, width, height):
    """Return a picture made small, as cameras make thumbnails."""
    return np.asarray(Pillow.fromarray(pixels).resize((width, height), Pillow.Resampling.BOX))


def jpeg(pixels, quality=90, **options):
    buffer = io.BytesIO()
    Pillow.fromarray(np.ascontiguousarray(pixels)).save(buffer, "JPEG", quality=quality, **options)
    return buffer.getvalue()


THUMBNAIL = jpeg(shrunk(FRAME, 160, 107), quality=75)


def examined(pixels, **exif):
    """Examine pixels saved with an EXIF block."""
    return FrameMetadata().examine(Image.from_bytes(jpeg(pixels, exif=exif_block(**exif))))


def cut(left, top, right, bottom, pixels=FRAME):
    return pixels[top : pixels.shape[0] - bottom, left : pixels.shape[1] - right]


class TestSizes:
    @pytest.mark.parametrize(
        ("stored", "stated", "expected"),
        [
            ((4000, 3000), (4000, 3000), Relation.EQUAL),
            ((3000, 4000), (4000, 3000), Relation.TURNED),
            ((1696, 2272), (2272, 1704), Relation.TRIMMED),
            ((2000, 1500), (4000, 3000), Relation.RESIZED),
            ((600, 800), (4000, 3000), Relation.RESIZED),
            ((1024, 683), (6000, 4000), Relation.RESIZED),
            ((160, 106), (6000, 4000), Relation.RESIZED),
            ((8000, 6000), (4000, 3000), Relation.RESIZED),
            ((4000, 2250), (4000, 3000), Relation.CUT),
            ((3000, 3000), (4000, 3000), Relation.CUT),
            ((4000, 2983), (4000, 3000), Relation.CUT),
            ((4000, 2990), (4000, 3000), Relation.CUT),
            ((800, 450), (4000, 3000), Relation.CUT),
            ((2250, 4000), (4000, 3000), Relation.CUT),
            ((4000, 3200), (4000, 3000), Relation.OTHER),
            ((9000, 3000), (4000, 3000), Relation.OTHER),
        ],
    )
    def test_innocent_reasons_come_first(self, stored, stated, expected):
        assert relation(stored, stated) is expected

    @given(st.integers(800, 9000), st.integers(800, 9000), st.floats(0.1, 0.95), st.booleans())
    @settings(max_examples=200)
    def test_resizing_and_turning_never_look_like_a_cut(self, width, height, factor, turned):
        stored = (max(round(width * factor), 1), max(round(height * factor), 1))
        found = relation(stored[::-1] if turned else stored, (width, height))
        assert found in (Relation.RESIZED, Relation.TRIMMED)

    @given(st.tuples(st.integers(1, 5000), st.integers(1, 5000)), st.integers(1, 5000))
    def test_missing_share_is_a_share_and_knows_no_scale(self, stored, side):
        share = missing_share(stored, (side, side))
        assert 0 <= share < 1
        assert share == pytest.approx(missing_share((stored[0] * 3, stored[1] * 3), (side, side)))

    def test_missing_share_by_hand(self):
        assert missing_share((4000, 2250), (4000, 3000)) == pytest.approx(0.25)
        assert missing_share((800, 450), (4000, 3000)) == pytest.approx(0.25)
        assert missing_share((3000, 4000), (4000, 3000)) == 0

    @pytest.mark.parametrize("value", [0, -5, 2**32, "x", "9" * 13, None, 1.5, True, [1, 2], b"7"])
    def test_what_is_no_length(self, value):
        assert whole_number(value) is None

    @pytest.mark.parametrize("value", [1600, "1600", 1600.0, [1600], " 1600 "])
    def test_what_is_a_length(self, value):
        assert whole_number(value) == 1600

    def test_shapes_of_cameras(self):
        assert usual_shape((3008, 2000)) == "3:2"
        assert usual_shape((1200, 1600)) == "4:3"
        assert usual_shape((1000, 430)) is None

    def test_crops_that_say_nothing(self):
        assert declared_crop({}) is None
        assert declared_crop({"crs:HasCrop": "False", "crs:CropTop": "0.2"}) is None
        assert declared_crop({"crs:HasCrop": ["True"]}) is None
        assert (
            declared_crop({"crs:HasCrop": "True", "crs:CropLeft": "0.9", "crs:CropRight": "0.1"})
            is None
        )
        odd = declared_crop({"crs:HasCrop": "True", "crs:CropLeft": "nan", "crs:CropTop": "1e9"})
        assert odd is not None
        assert odd.missing == 0


class TestSearch:
    def test_correlation_by_numpy(self):
        random = np.random.default_rng(1)
        frame = random.uniform(0, 255, (20, 31)).astype(np.float32)
        part = random.uniform(0, 255, (7, 9)).astype(np.float32)
        found = correlation_map(frame, part)
        assert found.shape == (14, 23)
        for y, x in ((0, 0), (13, 22), (5, 17)):
            window = frame[y : y + 7, x : x + 9]
            expected = np.corrcoef(window.ravel(), part.ravel())[0, 1]
            assert found[y, x] == pytest.approx(expected, abs=1e-5)

    def test_flat_frames_correlate_with_nothing(self):
        part = np.arange(64, dtype=np.float32).reshape(8, 8)
        assert (correlation_map(np.full((20, 20), 7, np.float32), part) == 0).all()
        assert find(np.full((60, 80), 9, np.float32), FRAME[..., 1].astype(np.float32)) is None

    @given(
        st.floats(0.35, 1.0),
        st.floats(0.35, 1.0),
        st.floats(0, 1),
        st.floats(0, 1),
        st.integers(0, 3),
    )
    @settings(max_examples=8, deadline=None)
    def test_the_rectangle_is_found_wherever_it_is(self, w, h, x, y, turns):
        luma = FRAME.astype(np.float32).mean(axis=2)
        frame = reduced(luma, 150, 100)
        width, height = int(WIDTH * w), int(HEIGHT * h)
        left, top = int((WIDTH - width) * x), int((HEIGHT - height) * y)
        window = luma[top : top + height, left : left + width] * 0.7 + 20
        found = find(frame, np.rot90(window, -turns))
        assert found is not None
        assert found.turns == turns
        assert found.correlation > 0.98
        right, bottom = left + width, top + height
        expected = np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) / 4
        np.testing.assert_allclose(found.corners, expected, atol=1.0)

    def test_a_straightened_picture_is_found_with_its_angle(self):
        turned = Pillow.fromarray(FRAME).rotate(4, Pillow.Resampling.BICUBIC)
        pixels = cut(60, 60, 60, 60, np.asarray(turned))
        finding = examined(pixels, thumbnail=THUMBNAIL)
        assert finding.outcome is Outcome.DETECTED
        assert abs(finding.measurements["thumbnail_angle"]) == pytest.approx(4, abs=0.5)


class TestBars:
    def test_bars_are_measured(self):
        luma = np.full((120, 160), 3, np.float32)
        luma[14:106, 4:] = np.random.default_rng(2).uniform(30, 220, (92, 156))
        assert find_bars(luma) == (4, 14, 0, 14)

    def test_no_bars(self):
        assert find_bars(np.random.default_rng(2).uniform(0, 255, (90, 120))) == (0, 0, 0, 0)

    def test_a_black_picture_is_not_all_bar(self):
        left, top, right, bottom = find_bars(np.zeros((100, 100), np.float32))
        assert left + right < 100
        assert top + bottom < 100


class TestWhole:
    def test_a_picture_that_agrees(self):
        finding = examined(FRAME, size=(WIDTH, HEIGHT), thumbnail=THUMBNAIL)
        assert finding.outcome is Outcome.NOT_DETECTED
        assert finding.score < 0.02
        assert "removed or forged" in finding.explanation
        assert finding.measurements["checks"] == {"thumbnail": "agrees", "exif-size": "agrees"}
        assert finding.pictures == {}

    def test_no_metadata(self):
        finding = FrameMetadata().examine(Image.from_bytes(jpeg(FRAME)))
        assert (finding.outcome, finding.reason) == (Outcome.NOT_APPLICABLE, "no-metadata")

    @pytest.mark.parametrize("turns", [1, 2, 3])
    def test_turned_without_a_word(self, turns):
        finding = examined(np.rot90(FRAME, turns), size=(WIDTH, HEIGHT), thumbnail=THUMBNAIL)
        assert finding.outcome is Outcome.NOT_DETECTED
        assert finding.measurements["thumbnail_turns"] == 4 - turns

    def test_the_orientation_tag_changes_nothing(self):
        finding = examined(FRAME, size=(WIDTH, HEIGHT), thumbnail=THUMBNAIL, orientation=6)
        assert finding.outcome is Outcome.NOT_DETECTED

    def test_black_bars_of_a_camera(self):
        boxed = np.zeros((120, 160, 3), np.uint8)
        boxed[7:114] = shrunk(FRAME, 160, 107)
        finding = examined(FRAME, size=(WIDTH, HEIGHT), thumbnail=jpeg(boxed))
        assert finding.outcome is Outcome.NOT_DETECTED
        assert finding.measurements["thumbnail_bars"] == [0, 7, 0, 6]

    def test_a_thumbnail_of_another_shape(self):
        squeezed = jpeg(shrunk(FRAME, 160, 120))
        narrower = jpeg(shrunk(cut(34, 0, 33, 0), 160, 120))
        for thumbnail in (squeezed, narrower):
            finding = examined(FRAME, size=(WIDTH, HEIGHT), thumbnail=thumbnail)
            assert finding.outcome is Outcome.NOT_DETECTED

    def test_resized(self):
        small = shrunk(FRAME, 300, 200)
        finding = examined(small, size=(WIDTH, HEIGHT), thumbnail=THUMBNAIL)
        assert (finding.outcome, finding.reason) == (Outcome.INCONCLUSIVE, "resized")

    def test_trimmed(self):
        finding = examined(np.rot90(cut(0, 0, 0, 8), 1), size=(WIDTH, HEIGHT))
        assert (finding.outcome, finding.reason) == (Outcome.INCONCLUSIVE, "trimmed")

    def test_a_wrong_size_beside_a_thumbnail_of_all(self):
        finding = examined(FRAME, size=(WIDTH, 2 * HEIGHT), thumbnail=THUMBNAIL)
        assert finding.reason == "size-against-thumbnail"

    def test_sizes_that_programs_use_freely_do_not_decide(self):
        for exif in ({"tiff_size": (WIDTH, 500)}, {"related": (WIDTH, 500)}):
            finding = examined(FRAME, size=(WIDTH, HEIGHT), **exif)
            assert (finding.outcome, finding.reason) == (Outcome.INCONCLUSIVE, "sizes-disagree")


class TestCut:
    @pytest.mark.parametrize(
        "edges", [(60, 40, 0, 0), (0, 0, 0, 100), (20, 20, 20, 20), (200, 30, 150, 170)]
    )
    def test_the_thumbnail_shows_where(self, edges):
        left, top, right, bottom = edges
        finding = examined(cut(*edges), thumbnail=THUMBNAIL)
        share = 1 - (WIDTH - left - right) * (HEIGHT - top - bottom) / (WIDTH * HEIGHT)
        assert finding.outcome is Outcome.DETECTED
        assert finding.score == pytest.approx(share, abs=0.02)
        insets = finding.measurements["thumbnail_insets"]
        np.testing.assert_allclose(insets, np.array(edges) / WIDTH, atol=0.006)
        np.testing.assert_allclose(finding.measurements["frame_size"], [WIDTH, HEIGHT], atol=8)
        np.testing.assert_allclose(finding.measurements["frame_origin"], [left, top], atol=5)
        assert finding.pictures["thumbnail"].dtype == np.uint8

    def test_corrected_sizes_do_not_hide_it(self):
        pixels = cut(60, 40, 30, 0)
        size = (pixels.shape[1], pixels.shape[0])
        finding = examined(pixels, size=size, thumbnail=THUMBNAIL)
        assert finding.outcome is Outcome.DETECTED
        assert finding.measurements["checks"] == {"thumbnail": "contradicts", "exif-size": "agrees"}

    def test_cut_resized_and_turned(self):
        pixels = np.rot90(shrunk(cut(90, 40, 30, 30), 320, 220))
        finding = examined(pixels, size=(WIDTH, HEIGHT), thumbnail=THUMBNAIL)
        assert finding.outcome is Outcome.DETECTED
        assert finding.measurements["thumbnail_turns"] == 3
        assert "in the thumbnail's position" in finding.explanation

    def test_the_stated_size_alone(self):
        finding = examined(cut(0, 0, 0, 100), size=(WIDTH, HEIGHT))
        assert finding.outcome is Outcome.DETECTED
        assert finding.score == pytest.approx(0.25)

    @pytest.mark.parametrize(
        ("applied", "outcome"), [("True", Outcome.DETECTED), ("False", Outcome.INCONCLUSIVE)]
    )
    def test_crop_fields_of_adobe(self, applied, outcome):
        xmp = (
            '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
            'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
            'xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" crs:HasCrop="True" '
            f'crs:CropTop="0.1" crs:CropLeft="0" crs:CropBottom="0.9" crs:CropRight="0.5" '
            f'crs:AlreadyApplied="{applied}"/></rdf:RDF></x:xmpmeta>'
        )
        finding = FrameMetadata().examine(Image.from_bytes(jpeg(FRAME, xmp=xmp.encode())))
        assert finding.outcome is outcome
        assert finding.measurements["crop_rectangle"] == [0, 0.1, 0.5, 0.9]
        if outcome is Outcome.DETECTED:
            assert finding.score == pytest.approx(0.6)

    def test_size_of_a_panorama(self):
        xmp = (
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
            'xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" '
            'GPano:CroppedAreaImageWidthPixels="600" '
            'GPano:CroppedAreaImageHeightPixels="800"/></rdf:RDF>'
        )
        finding = FrameMetadata().examine(Image.from_bytes(jpeg(FRAME, xmp=xmp.encode())))
        assert (finding.outcome, finding.reason) == (Outcome.INCONCLUSIVE, "sizes-disagree")
        assert finding.measurements["panorama_size"] == [600, 800]


class TestUnclear:
    def test_the_thumbnail_of_another_picture(self):
        other = jpeg(shrunk(np.asarray(skimage.data.astronaut()), 120, 120))
        finding = examined(FRAME, size=(WIDTH, HEIGHT), thumbnail=other)
        assert (finding.outcome, finding.reason) == (Outcome.INCONCLUSIVE, "thumbnail-unlike")

    def test_an_even_border_is_no_cut(self):
        framed = np.full((120, 170, 3), 240, np.uint8)
        framed[7:114, 5:165] = shrunk(FRAME, 160, 107)
        finding = examined(FRAME, size=(WIDTH, HEIGHT), thumbnail=jpeg(framed, quality=95))
        assert (finding.outcome, finding.reason) == (Outcome.INCONCLUSIVE, "thumbnail-border")

    @pytest.mark.parametrize(
        "thumbnail",
        [
            b"\xff\xd8\xff\xd9",
            THUMBNAIL[:600],
            THUMBNAIL[:300] + bytes(200) + THUMBNAIL[500:],
            jpeg(FRAME[:20, :20]),
            jpeg(np.zeros((2, 3000, 3), np.uint8)),
            jpeg(np.full((120, 160, 3), 90, np.uint8)),
        ],
        ids=["empty", "truncated", "damaged", "tiny", "narrow", "even"],
    )
    def test_unusable_thumbnails(self, thumbnail):
        finding = examined(FRAME, size=(WIDTH, HEIGHT), thumbnail=thumbnail)
        assert finding.outcome in (Outcome.INCONCLUSIVE, Outcome.NOT_DETECTED)
        assert finding.reason in ("thumbnail-unusable", "thumbnail-unlike")

    def test_a_bomb_is_not_decoded(self):
        head = THUMBNAIL.index(b"\xff\xc0")
        bomb = bytearray(THUMBNAIL)
        bomb[head + 5 : head + 9] = b"\xff\xf0\xff\xf0"  # 65520×65520
        with pytest.raises(UnusableThumbnailError, match="decoded"):
            read_thumbnail(bytes(bomb))
        assert examined(FRAME, thumbnail=bytes(bomb)).reason == "thumbnail-unusable"

    def test_directories_that_lead_to_themselves(self):
        for thumbnail in (None, THUMBNAIL):
            finding = examined(FRAME, size=(WIDTH, HEIGHT), thumbnail=thumbnail, cyclic=True)
            assert finding.outcome is not Outcome.FAILED

    @pytest.mark.parametrize("size", [(2**32 - 1, 1), (0, 0), (1, 1), (2**31, 2**31)])
    def test_absurd_sizes(self, size):
        finding = examined(FRAME, size=size)
        assert finding.outcome in (Outcome.NOT_APPLICABLE, Outcome.INCONCLUSIVE)

    @given(st.integers(0, 400), st.binary(min_size=1, max_size=12))
    @settings(max_examples=20, deadline=None)
    def test_damage_anywhere_is_an_outcome(self, place, damage):
        block = bytearray(exif_block(size=(WIDTH, HEIGHT), related=(9, 9), thumbnail=THUMBNAIL))
        block[6 + place : 6 + place + len(damage)] = damage
        small = shrunk(FRAME, 150, 100)
        finding = FrameMetadata().examine(Image.from_bytes(jpeg(small, exif=bytes(block))))
        assert finding.outcome is not Outcome.FAILED
        assert set(finding.measurements) <= set(FrameMetadata.glossary)


class TestDetector:
    def test_same_finding_twice(self):
        one, two = (examined(cut(60, 40, 0, 0), thumbnail=THUMBNAIL) for _ in range(2))
        assert (one.score, one.measurements) == (two.score, two.measurements)

    def test_parameters_decide(self):
        pixels = jpeg(cut(20, 0, 0, 0), exif=exif_block(thumbnail=THUMBNAIL))
        image = Image.from_bytes(pixels)
        assert FrameMetadata().examine(image).outcome is Outcome.DETECTED
        assert FrameMetadata({"min_inset": 0.1}).examine(image).outcome is Outcome.NOT_DETECTED

    def test_degenerate_pictures(self, degenerate):
        if FrameMetadata.needs.unmet(degenerate.header):
            pytest.skip("the engine would not run it: too small")
        finding = FrameMetadata().examine(degenerate)
        assert finding.outcome is not Outcome.FAILED

    @pytest.mark.parametrize("side", [16, 40])
    def test_small_and_even_pictures_with_a_thumbnail(self, side):
        for pixels in (FRAME[:side, :side], np.full((side, side, 3), 50, np.uint8)):
            finding = examined(pixels, thumbnail=THUMBNAIL)
            assert finding.outcome is Outcome.INCONCLUSIVE
