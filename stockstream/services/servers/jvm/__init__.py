"""What runs on the Java virtual machine: Java from pip, archives from Maven Central and pip."""
