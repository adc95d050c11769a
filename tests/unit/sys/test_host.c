/*
 * The host's state: sane values, whatever this host offers.
 */
#include "sys/host.h"

#include <string.h>

#include "tests/lib/test.h"

TEST(pressure_is_a_percentage_or_not_known)
{
	struct host_pressure p;
	host_pressure_read(&p);
	CHECK(p.known || p.io_full_avg10 <= 0);
	CHECK(p.io_full_avg10 >= 0 && p.io_full_avg10 <= 100);
	CHECK(p.memory_full_avg10 >= 0 && p.memory_full_avg10 <= 100);
	CHECK(p.memory_full_avg10 >= 0 && p.memory_full_avg10 <= 100);
}

TEST(memory_kills_never_become_fewer)
{
	uint64_t before = host_oom_kills();
	CHECK(host_oom_kills() >= before);
}

TEST(the_network_is_looked_at_without_changing_it)
{
	struct host_network a;
	struct host_network b;
	host_network_read(&a);
	host_network_read(&b);
	CHECK_INT(a.n_links_up, b.n_links_up);
	CHECK_INT(a.has_default_route, b.has_default_route);
}

TEST(the_host_has_a_name_a_kernel_and_a_system)
{
	struct host_name n;
	host_name_read(&n);
	CHECK(n.name[0] != '\0' && n.kernel[0] != '\0' && n.system[0] != '\0');
	CHECK(strchr(n.system, '"') == NULL && strchr(n.system, '\n') == NULL);
	CHECK(strlen(n.machine_id) == 32 || n.machine_id[0] == '\0');
}
