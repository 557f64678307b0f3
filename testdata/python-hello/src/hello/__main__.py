from hello.cli import main

main()
