#include "tools/ifc/emit.h"
void emit_protocol_header(const struct model *model, FILE *out)
{
	(void)model;
	(void)out;
}
void emit_protocol_fuzz(const struct model *model, FILE *out)
{
	(void)model;
	(void)out;
}
void emit_protocol_page(const struct model *model, FILE *out)
{
	(void)model;
	(void)out;
}
