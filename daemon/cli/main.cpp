// hob: the command line of the agent daemon.
#include "daemon/cli/command_line.h"

int main(int argc, char** argv) { return hob::cli::run_command_line(argc, argv); }
