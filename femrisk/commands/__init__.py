"""The verbs: in go the options of one verb, out come what it prints and its exit code.

A verb is a ``Verb`` in ``VERBS``: a name, a line of help, its options, and the function that does it. Whatever is
large (meshes, solver, pictures) is imported inside that function, so that ``check`` answers at once.
"""

from femrisk.commands.cases import check, init, init_options, schema, score
from femrisk.commands.folders import figures, folder_option, report
from femrisk.commands.machine import doctor, verify, verify_options
from femrisk.commands.results import export, export_options, mesh, mesh_options, run, run_options
from femrisk.commands.sweep import sweep, sweep_options
from femrisk.commands.verb import Verb, case_option
from femrisk.commands.view import view, view_options

VERBS = (
    Verb("init", "write a commented starter case", init_options, init),
    Verb("check", "validate a case and print what would be run, without solving", case_option, check),
    Verb("run", "push every arm to fracture under every load and print the comparison", run_options, run),
    Verb("report", "write the HTML report of a result folder", folder_option, report),
    Verb("view", "show a result folder in the browser", view_options, view),
    Verb("figures", "write vector plots and 300 dpi pictures of a result folder for papers", folder_option, figures),
    Verb("mesh", "write the meshes of a case", mesh_options, mesh),
    Verb("export", "write one arm under one load for another code", export_options, export),
    Verb("sweep", "run many cases, and gather them in one table", sweep_options, sweep),
    Verb("score", "print the clinical scores of a case", case_option, score),
    Verb("verify", "solve problems of known answer and print the errors", verify_options, verify),
    Verb("schema", "print the JSON Schema of case files", lambda parser: None, schema),
    Verb("doctor", "print what this machine has and lacks", lambda parser: None, doctor),
)
