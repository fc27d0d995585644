from senso.cli import main

main()
