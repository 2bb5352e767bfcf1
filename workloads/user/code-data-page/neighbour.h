/* A routine with its variables behind it (neighbour.S): EAX in and out; it counts its calls and adds up its inputs. */
#ifndef NEIGHBOUR_H
#define NEIGHBOUR_H

extern const char neighbour_template[], neighbour_template_end[];

#endif
