"""What a case would run: in goes a ``Scene``, out come tables for the screen; nothing is meshed or solved."""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.table import Table

from femrisk.analysis import known
from femrisk.case import names
from femrisk.heightcaveats import PLACES
from femrisk.materials.density import LAWS
from femrisk.materials.shell import shell_of
from femrisk.meshes import CTVertebra, SurfaceVertebra, Vertebra
from femrisk.meshes.anatomy import Anatomy, VertebraAnatomy, femur_of, vertebra_of
from femrisk.meshes.cells.sizing import grid_points, size_field
from femrisk.meshes.involvement import measure
from femrisk.meshes.labelled import Floats
from femrisk.meshes.lesions import PlacedLesion
from femrisk.meshes.vertebra.involvement import body_volume, measure_in_body, parts_of
from femrisk.meshes.vertebra.occupancy import measure_vertebra
from femrisk.meshes.vertebra.reshaped import height_lost
from femrisk.plan import families, sizing
from femrisk.rigidity import cut_body, cut_femur
from femrisk.scene import Scene
from femrisk.scores import Score, assess

#: Cells in a cube of one edge length, and unknowns of quadratic displacements per cell: measured on the mesher's
#: meshes of the example bone with 2.5 to 4 mm cells, good to about a tenth.
CELLS_PER_CUBE, UNKNOWNS_PER_CELL = 6.6, 4.33
#: The same of voxels, whose nodes belong to up to eight: measured on the L2 of the benchmark with voxels of 1 mm.
UNKNOWNS_PER_VOXEL = 3.5
#: Memory of one pair of arm and load: 0.98 GB at 120 000 unknowns and 1.7 GB at 296 000, both measured.
LIBRARIES_GB, BYTES_PER_UNKNOWN = 0.4, 5e3


def preview(scene: Scene, console: Console) -> None:
    """Print bone, lesions, arms, loads, scores and the size of the work."""
    case, patient = scene.case, scene.case.patient
    console.print(f"[bold]{case.name}[/]: valid; nothing is solved here")
    console.print(
        f"patient: {patient.sex}, {patient.age_years:g} years, {patient.height_cm:g} cm, {patient.mass_kg:g} kg"
        f" ({patient.body_weight_N:.0f} N), pain {patient.pain or 'unknown'}"
    )
    for table in (bone_table(scene), lesions_table(scene), arms_table(scene), loads_table(scene), scores_table(scene)):
        console.print(table)
    console.print(work(scene))


def bone_table(scene: Scene) -> Table:
    """Every measure of the bone, defaults filled in, and its landmarks."""
    table = Table("bone", "", title_justify="left")
    for key, value in scene.case.bone.model_dump().items():
        if value is not None:
            table.add_row(key, f"{value:.4g}" if isinstance(value, float) else str(value))
    table.add_section()
    for what, value in landmarks(scene.anatomy).items():
        table.add_row(what, value)
    if scene.anatomy.scan is not None:
        table.add_section()
        for what, value in scene.anatomy.scan.record.lines().items():
            table.add_row(what, value)
    return table


def landmarks(anatomy: Anatomy) -> dict[str, str]:
    """What a reader should know of the bone's landmarks and sizes, in words."""
    if isinstance(anatomy, VertebraAnatomy):
        body, shell = anatomy.landmarks, shell_of(anatomy)
        return {
            "body width, depth, mm": f"{body.body_width:.1f}, {body.body_depth:.1f}",
            "height in front, behind, mm": f"{body.anterior_height:.1f}, {body.posterior_height:.1f}",
            **({"height lost, mm": lost_words(anatomy)} if anatomy.collapse else {}),
            "volume of the body, mL": f"{body_volume(anatomy) / 1000:.1f}",
            "modulus of the shell, MPa": f"{shell.young_MPa:.0f}" if shell else "no shell",
            "right pedicle, mm": _point(body.right_pedicle),
            "tip of the spinous process, mm": _point(body.spinous_tip),
        }
    marks = femur_of(anatomy).landmarks
    return {
        "head centre, mm": _point(marks.head_center),
        "head radius, mm": f"{marks.head_radius:.1f}",
        "neck centre, mm": _point(marks.neck_center),
        "neck width SI, AP, mm": f"{marks.neck_width_si:.1f}, {marks.neck_width_ap:.1f}",
        "distal cut z, mm": f"{marks.distal_z:.1f}",
    }


def lost_words(anatomy: VertebraAnatomy) -> str:
    """What a collapsed body has lost of its height, and where."""
    assert anatomy.collapse is not None, "asked of a collapsed body"
    kind, share, lost = anatomy.collapse.where.kind, anatomy.collapse.after, height_lost(anatomy)
    return f"{lost:.1f} of {lost / share:.1f} {PLACES[kind]} ({kind}, {share:.0%})"


def lesions_table(scene: Scene) -> Table:
    """What each lesion takes of its bone."""
    if isinstance(scene.anatomy, VertebraAnatomy):
        return body_lesions_table(scene.lesions, scene.anatomy)
    anatomy = femur_of(scene.anatomy)
    table = Table("lesion", "nature", "site", "centre, mm", "volume, mL", "section", "diameter", "axial cortex, mm",
                  "circumference", "cortex lost", "breach")  # fmt: skip
    for lesion in scene.lesions:
        taken = measure(lesion, anatomy)
        table.add_row(
            lesion.name,
            lesion.nature,
            lesion.site,
            _point(lesion.center),
            f"{taken.volume_ml:.1f}",
            f"{taken.cross_section_share:.0%}",
            f"{taken.diameter_share:.0%}",
            f"{taken.axial_cortical_mm:.0f}",
            f"{taken.circumferential_cortical_share:.0%}",
            f"{taken.cortex_loss_share:.0%}",
            "yes" if taken.breach else "no",
        )
    return table


def body_lesions_table(lesions: tuple[PlacedLesion, ...], anatomy: VertebraAnatomy) -> Table:
    """What each lesion takes of its vertebra, and where it comes through the surface."""
    table = Table("lesion", "nature", "site", "centre, mm", "volume, mL", "of the body", "section", "comes through")
    for lesion in lesions:
        taken = measure_in_body(lesion, anatomy)
        table.add_row(
            lesion.name,
            lesion.nature,
            lesion.site,
            _point(lesion.center),
            f"{taken.volume_ml:.1f}",
            f"{taken.body_share:.0%}",
            f"{taken.cross_section_share:.0%}",
            ", ".join(taken.breaches) or "nothing",
        )
    return table


def arms_table(scene: Scene) -> Table:
    """What each arm puts into the bone."""
    fallen = isinstance(scene.anatomy, VertebraAnatomy) and scene.anatomy.collapse is not None
    table = Table("arm", "kind", "mesh", "cement, mL", "leak risk", "devices", *(["regains, mm"] if fallen else []))
    mesh = {arm: family.name for family in families(scene) for arm in family.arms}
    # Arms that are cemented alike share their solids, by name.
    cements = {
        tuple(solid.name for solid in solids if solid.role == "cement"): name for name, solids in scene.solids.items()
    }
    measured = {key: scene.cement(name) for key, name in cements.items()}
    for arm, name in zip(scene.case.arms, names(scene.case.arms), strict=True):
        solids = scene.solids[name]
        cement = measured[tuple(solid.name for solid in solids if solid.role == "cement")]
        volume, leak = (f"{cement.volume_ml:.1f}", cement.leak or "no") if cement else ("-", "-")
        devices = [solid.name for solid in solids if solid.role == "device"]
        high = scene.raised.get(name)
        height = [f"{high.regained_mm:.1f} ({high.regained_share:.0%})" if high else "-"] if fallen else []
        table.add_row(name, arm.kind, mesh[name], volume, leak, ", ".join(devices) or "-", *height)
    return table


def loads_table(scene: Scene) -> Table:
    """How the bone is pushed."""
    axes = "endplate (x right" if isinstance(scene.anatomy, VertebraAnatomy) else "head (x medial"
    table = Table("load", "kind", f"force on the {axes}, y anterior, z up)", "contacts")
    for load, name in zip(scene.case.loads, names(scene.case.loads), strict=True):
        boundary = scene.boundaries[name]
        force = -boundary.axes[2]
        grips = ", ".join(grip.name for grip in boundary.grips)
        table.add_row(name, load.kind, "({:.2f}, {:.2f}, {:.2f})".format(*force), grips)
    return table


def scores_of(scene: Scene) -> dict[str, Score]:
    """The scores the case asks for."""
    names, case = known(scene.case.scores), scene.case
    if not names:
        return {}
    law = LAWS[known(case.analysis.density_law)]
    if not scene.lesions:
        return assess(names, case.patient, ())
    if isinstance(case.bone, Vertebra | SurfaceVertebra | CTVertebra):
        spine, level = vertebra_of(scene.anatomy), case.bone.level
        return assess(
            names,
            case.patient,
            (),
            cut=lambda: cut_body(spine, scene.lesions, law),
            vertebra=lambda: measure_vertebra(level, parts_of(spine), scene.lesions, spine.height_loss_share),
        )
    femur = femur_of(scene.anatomy)
    measured = [(lesion, measure(lesion, femur)) for lesion in scene.lesions]
    return assess(names, case.patient, measured, cut=lambda: cut_femur(femur, scene.lesions, law))


def scores_table(scene: Scene) -> Table:
    """The clinical scores, with what their authors advise."""
    table = Table("score", "value", "meaning", "advice", "source")
    for name, score in scores_of(scene).items():
        unit = str(score.items.get("unit", ""))
        if score.value is None:
            value = "-"
        elif isinstance(score.value, tuple):
            value = "{:g} to {:g} ".format(*score.value) + unit
        else:
            value = f"{score.value:.3g} {unit}"
        table.add_row(name, value, score.band, score.advice, score.source)
    return table


def unknowns(scene: Scene) -> int:
    """Degrees of freedom to expect in each pair, from the integral of the size field."""
    analysis = scene.case.analysis
    voxels = analysis.mesh == "voxel"
    field = size_field(scene.anatomy, () if voxels else sizing(scene), known(analysis.mesh_size_mm))
    lower, upper = field.corners()
    points, _ = grid_points(lower, upper, field.spacing)
    share = np.clip(0.5 - scene.anatomy.outer.distance(points) / field.spacing, 0, 1)
    cubes = float((share / field.values.ravel() ** 3).sum()) * field.spacing**3
    return int(cubes * (UNKNOWNS_PER_VOXEL if voxels else CELLS_PER_CUBE * UNKNOWNS_PER_CELL))


def work(scene: Scene) -> str:
    """One line: meshes, pairs, unknowns and memory."""
    meshes = [family.name for family in families(scene)]
    pairs = len(scene.case.arms) * len(scene.case.loads)
    count = unknowns(scene)
    memory = LIBRARIES_GB + count * BYTES_PER_UNKNOWN / 1e9
    models = scene.case.analysis.every_model()
    under = f", each under {len(models)} models ({', '.join(models)})," if len(models) > 1 else ""
    return (
        f"{pairs} pairs of arm and load{under} on {len(meshes)} meshes ({', '.join(meshes)}): about "
        f"{round(count, -3):,} degrees of freedom and {memory:.1f} GB of memory each"
    )


def _point(point: Floats) -> str:
    return "({:.0f}, {:.0f}, {:.0f})".format(*point)
