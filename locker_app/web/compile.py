"""Build the front end: `python -m locker_app.web.compile`, in a process of its own.

`locker_app.serving.frontend` starts it with the right environment and only when needed.
It does what `reflex export --frontend-only --no-zip` does, without the `reflex init` in
it that would write into requirements.txt and .gitignore.
"""

import shutil

from reflex.utils import export, prerequisites


def main() -> None:
    """Lay out `.web`, install JavaScript packages, compile the pages and bundle them."""
    if prerequisites.needs_reinit():
        # Files of another Reflex version are no base to build on.
        shutil.rmtree(prerequisites.get_web_dir(), ignore_errors=True)
        prerequisites.initialize_reflex_user_directory()
        prerequisites.initialize_frontend_dependencies()
    export.export(zipping=False, backend=False)


if __name__ == "__main__":
    main()
