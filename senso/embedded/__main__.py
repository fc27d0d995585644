import sys

from senso.embedded.guardian import main

main(sys.argv[1:])
