"""What belongs to one bone and stands in a case of another: exit code 2, one line for each, with what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from femrisk.__main__ import main

VERTEBRA = """\
name: spine
patient: {sex: female, age_years: 68, height_cm: 165, mass_kg: 70}
bone: {kind: vertebra, level: L1}
lesions:
  - {kind: sphere, site: vertebral_body, radius_mm: 8, nature: lytic}
arms:
  - {kind: intact}
  - {kind: untreated}
loads:
  - {kind: axial_compression}
analysis: {mesh_size_mm: 3.0}
"""
FEMUR = """\
name: hip
patient: {sex: female, age_years: 68, height_cm: 165, mass_kg: 70}
bone: {kind: proximal_femur}
lesions:
  - {kind: sphere, site: neck, radius_mm: 8, nature: lytic}
arms:
  - {kind: intact}
loads:
  - {kind: stance}
analysis: {mesh_size_mm: 3.0}
"""

#: name -> (the good case, what stands in it, what stands there now, parts of the one line expected)
WRONG: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "load_of_a_femur": (
        VERTEBRA,
        "{kind: axial_compression}",
        "{kind: stance}",
        ("case.yaml:10: loads[0].kind: ", "no load of a vertebra (allowed: axial_compression, flexion, got: stance)"),
    ),
    "load_of_a_vertebra": (
        FEMUR,
        "{kind: stance}",
        "{kind: axial_compression}",
        ("loads[0].kind: ", "no load of a proximal femur (allowed: stance, sideways_fall, got: axial_compression)"),
    ),
    "arm_of_a_femur": (
        VERTEBRA,
        "{kind: untreated}",
        "{kind: pop_screws}",
        (
            "case.yaml:8: arms[1].kind: ",
            "is no arm of a vertebra (allowed: intact, untreated, pvp, bkp, pedicle_screws, pvp_screws, got: pop_",
        ),
    ),
    "arm_of_a_vertebra": (
        FEMUR,
        "{kind: intact}",
        "{kind: pvp, body_fraction: 0.2}",
        (
            "case.yaml:7: arms[0].kind: ",
            "is no arm of a proximal femur (allowed: intact, untreated, pop, ",
            "got: pvp)",
        ),
    ),
    "screws_of_a_vertebra": (
        FEMUR,
        "{kind: intact}",
        "{kind: pedicle_screws}",
        ("arms[0].kind: ", "is no arm of a proximal femur", "got: pedicle_screws)"),
    ),
    "key_of_a_femurs_cement": (
        VERTEBRA,
        "{kind: untreated}",
        "{kind: pvp, fill_fraction: 0.9}",
        ("case.yaml:8: arms[1].fill_fraction: unknown key",),
    ),
    "two_amounts_of_cement": (
        VERTEBRA,
        "{kind: untreated}",
        "{kind: bkp, volume_ml: 4, body_fraction: 0.2}",
        ("arms[1]", "needs either volume_ml or body_fraction (not both)"),
    ),
    "side_of_both_needles": (
        VERTEBRA,
        "{kind: untreated}",
        "{kind: pvp, side: right}",
        ("arms[1]", "side can only go with approach unipedicular"),
    ),
    "more_cement_than_the_body_holds": (
        VERTEBRA,
        "{kind: untreated}",
        "{kind: pvp, volume_ml: 20}",
        ("case.yaml:8: arms[1].volume_ml: 20.0 mL of cement do not fit: there is room for 18.",),
    ),
    "balloons_that_meet_a_wall": (
        VERTEBRA,
        "{kind: untreated}",
        "{kind: bkp, volume_ml: 12}",
        ("case.yaml:8: arms[1].volume_ml: 12.0 mL of cement do not fit: there is room for ",),
    ),
    "screw_wider_than_its_pedicle": (
        VERTEBRA,
        "{kind: untreated}",
        "{kind: pedicle_screws, screws: {diameter_mm: 8.5}}",
        ("case.yaml:8: arms[1].screws.diameter_mm: is too wide for the pedicle of 8.5 mm", "up to 7.5, got: 8.5)"),
    ),
    "screw_through_the_anterior_wall": (
        VERTEBRA,
        "{kind: untreated}",
        "{kind: pedicle_screws, screws: {length_mm: 60}}",
        ("arms[1].screws.length_mm: ", "mm through the anterior wall at (", "up to 51 of this diameter, got: 60)"),
    ),
    "screw_into_the_canal": (
        VERTEBRA,
        "{kind: untreated}",
        "{kind: pvp_screws, screws: {convergence_deg: 45}}",
        ("arms[1].screws.convergence_deg: ", "enters the canal by "),
    ),
    "site_of_a_femur": (
        VERTEBRA,
        "site: vertebral_body",
        "site: femoral_neck",
        ("case.yaml:5: lesions[0].site: ", "no place in a vertebra (allowed: vertebral_body, pedicle, got: femoral_"),
    ),
    "site_of_a_vertebra": (
        FEMUR,
        "site: neck",
        "site: vertebral_body",
        (
            "lesions[0].site: ",
            "no place in a proximal femur (allowed: head, femoral_head, neck",
            "got: vertebral_body)",
        ),
    ),
    "score_of_a_femur": (
        VERTEBRA,
        "analysis: {mesh_size_mm: 3.0}",
        "scores: [mirels]",
        (
            "case.yaml:11: scores[0]: ",
            "is no score of a vertebra (allowed: rigidity, sins, taneichi, kostuik, got: mirels)",
        ),
    ),
    "law_of_a_femur": (
        VERTEBRA,
        "mesh_size_mm: 3.0",
        "density_law: keyak_2005",
        ("analysis.density_law: ", "no law of a vertebra (allowed: kopperdahl_2002, morgan_2003_vertebra"),
    ),
    "law_of_a_vertebra": (
        FEMUR,
        "mesh_size_mm: 3.0",
        "density_law: kopperdahl_2002",
        ("analysis.density_law: ", "is no law of a proximal femur (allowed: keyak_2005", "got: kopperdahl_2002)"),
    ),
    "model_of_a_femur": (
        VERTEBRA,
        "mesh_size_mm: 3.0",
        "model: damage",
        (
            "analysis.model: ",
            "is no model of a vertebra (allowed: perfect_plasticity, crushable_foam, linear, got: damage)",
        ),
    ),
    "model_of_a_vertebra": (
        FEMUR,
        "mesh_size_mm: 3.0",
        "model: crushable_foam",
        ("analysis.model: ", "is no model of a proximal femur (allowed: keyak_plasticity", "got: crushable_foam)"),
    ),
    "fabric_of_bone_that_is_crushed": (
        VERTEBRA,
        "mesh_size_mm: 3.0",
        "model: crushable_foam, anisotropy: orthotropic",
        ("analysis.anisotropy: ", "crushable_foam does not know it (allowed: isotropic, got: orthotropic)"),
    ),
    "fabric_of_bone_that_is_crushed_in_one_of_the_models": (
        VERTEBRA,
        "mesh_size_mm: 3.0",
        "models: [linear, crushable_foam], anisotropy: orthotropic",
        ("analysis.anisotropy: ", "crushable_foam does not know it (allowed: isotropic, got: orthotropic)"),
    ),
    "models_of_a_femur": (
        VERTEBRA,
        "mesh_size_mm: 3.0",
        "models: [linear, damage]",
        ("analysis.models[1]: ", "is no model of a vertebra"),
    ),
    "interfaces_of_a_femur": (
        VERTEBRA,
        "mesh_size_mm: 3.0",
        "interfaces: weak",
        ("analysis.interfaces: ", "(allowed: bonded, got: weak)"),
    ),
    "fabric_of_a_vertebra": (
        FEMUR,
        "mesh_size_mm: 3.0",
        "anisotropy: orthotropic",
        ("analysis.anisotropy: ", "not modelled in a proximal femur (allowed: isotropic, got: orthotropic)"),
    ),
    "quadrant_of_a_femur": (
        VERTEBRA,
        "site: vertebral_body",
        "site: vertebral_body, quadrant: inferomedial",
        ("lesions[0]", "no meaning at vertebral_body (allowed: central, anterior, posterior_wall, left, right)"),
    ),
    "pedicle_without_a_side": (
        VERTEBRA,
        "site: vertebral_body",
        "site: pedicle",
        ("lesions[0]", "quadrant central has no meaning at pedicle (allowed: left, right)"),
    ),
    "depth_in_a_pedicle": (
        VERTEBRA,
        "site: vertebral_body",
        "site: pedicle, quadrant: left, depth: 0.5",
        ("lesions[0]", "depth and offset_mm have no meaning at pedicle"),
    ),
    "side_of_a_vertebra": (
        VERTEBRA,
        "level: L1",
        "level: L1, side: left",
        ("case.yaml:3: bone.side: unknown key",),
    ),
    "level_that_is_not_drawn": (
        VERTEBRA,
        "level: L1",
        "level: C5",
        ("case.yaml:3: bone.level: unknown value", "(allowed: T10, T11, T12, L1, L2, L3, L4, L5, got: C5)"),
    ),
    "density_in_other_units": (
        VERTEBRA,
        "level: L1",
        "level: L1, trabecular_density_mg_per_cm3: 0.1",
        ("bone.trabecular_density_mg_per_cm3: out of range", "looks like g/cm3: 100 mg/cm3?"),
    ),
    "shell_as_thick_as_a_cortex": (
        VERTEBRA,
        "level: L1",
        "level: L1, shell_thickness_mm: 3",
        ("case.yaml:3: bone.shell_thickness_mm: out of range", "(allowed: 0 to 1.5 mm, got: 3)"),
    ),
    "shell_of_a_vertebra": (
        FEMUR,
        "kind: proximal_femur",
        "kind: proximal_femur, shell_thickness_mm: 0.4",
        ("case.yaml:3: bone.shell_thickness_mm: unknown key",),
    ),
    "body_that_collapses": (
        VERTEBRA,
        "level: L1",
        "level: L1, wedge_deg: 12, posterior_height_mm: 14",
        ("case.yaml:3: bone.wedge_deg: leaves an anterior wall", "(allowed: at least half"),
    ),
    "endplates_of_wood": (
        VERTEBRA,
        "{kind: axial_compression}",
        "{kind: axial_compression, endplates: wood}",
        ("case.yaml:10: loads[0].endplates: unknown value", "(allowed: potted, discs, got: wood)"),
    ),
    "disc_in_metres": (
        VERTEBRA,
        "{kind: axial_compression}",
        "{kind: axial_compression, endplates: discs, disc_height_mm: 0.0075}",
        ("case.yaml:10: loads[0].disc_height_mm: out of range", "metres: 7.5 mm? (allowed: 3 to 15 mm, got: 0.0075)"),
    ),
    "disc_too_thin_for_a_wedge": (
        VERTEBRA.replace("level: L1", "level: L1, wedge_deg: 12"),
        "{kind: axial_compression}",
        "{kind: flexion, endplates: discs, disc_height_mm: 3}",
        ("case.yaml:10: loads[0].disc_height_mm: leaves a disc of", "(allowed: at least", "got: 3)"),
    ),
    "force_in_front_of_the_body": (
        VERTEBRA,
        "{kind: axial_compression}",
        "{kind: flexion, eccentricity: 0.6}",
        ("case.yaml:10: loads[0].eccentricity: out of range (allowed: 0 to 0.4, got: 0.6)",),
    ),
    "eccentricity_of_compression": (
        VERTEBRA,
        "{kind: axial_compression}",
        "{kind: axial_compression, eccentricity: 0.1}",
        ("case.yaml:10: loads[0].eccentricity: unknown key",),
    ),
    "lesion_outside": (
        VERTEBRA,
        "site: vertebral_body",
        "center_mm: [0, 60, 0]",
        ("case.yaml:5: lesions[0].center_mm", "lies outside the bone"),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_belongs_to_the_other_bone_is_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    case, old, new, parts = WRONG[name]
    assert old in case
    monkeypatch.chdir(tmp_path)
    Path("case.yaml").write_text(case.replace(old, new, 1))
    assert main(("check", "case.yaml")) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith("femrisk: error: ")
    assert [part for part in parts if part not in line] == [], line


@pytest.mark.parametrize("case", [FEMUR, VERTEBRA])
def test_the_cases_these_start_from_are_good(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "case.yaml"
    file.write_text(case)
    assert main(("check", str(file))) == 0
    assert "nothing is solved here" in capsys.readouterr().out


def test_everything_that_is_strange_is_said_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "case.yaml"
    file.write_text(VERTEBRA.replace("axial_compression", "stance").replace("untreated", "nail"))
    assert main(("check", str(file))) == 2
    assert [line.split(": ")[3] for line in capsys.readouterr().err.splitlines()] == ["arms[1].kind", "loads[0].kind"]
