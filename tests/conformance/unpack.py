"""unpack.py FROM TO - the Python packages of archives, for PyPy 2.7: all of them work without what C could add.

Installing them would ask for a compiler and find none.
"""
import os
import shutil
import sys
import tarfile
import zipfile


def main(source, target):
    sources = os.path.join(source, "sources")
    for name in sorted(os.listdir(source)):
        path = os.path.join(source, name)
        if name.endswith(".whl"):
            zipfile.ZipFile(path).extractall(target)
        elif name.endswith((".tar.gz", ".tar.bz2")):
            tarfile.open(path).extractall(sources)
    for name in sorted(os.listdir(sources)):
        top = os.path.join(sources, name)
        if os.path.isdir(os.path.join(top, "src")):
            top = os.path.join(top, "src")
        for package in os.listdir(top):
            if os.path.isfile(os.path.join(top, package, "__init__.py")):
                shutil.copytree(os.path.join(top, package), os.path.join(target, package))
    shutil.rmtree(sources)


main(*sys.argv[1:])
